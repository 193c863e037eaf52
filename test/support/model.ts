import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The default model on this machine: HOLDFAST_MODEL, else the repository's model folder, else the user's cache. */
export function defaultModelPath(): string | undefined {
  const named = process.env.HOLDFAST_MODEL;
  if (named !== undefined && named !== '') return path.resolve(repository, named);
  return [
    path.join(repository, '.holdfast/models', FILE),
    path.join(os.homedir(), '.cache/holdfast/models', FILE),
  ].find((candidate) => existsSync(candidate));
}

/** Options for `test`: skips with a message when the model is not on this machine. A wrong HOLDFAST_MODEL fails instead. */
export function needsModel(): { skip: string | false } {
  if (defaultModelPath() !== undefined) return { skip: false };
  return {
    skip: 'the default model is not on this machine: run "npm run demo" once, or set HOLDFAST_MODEL to the file',
  };
}
