import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { audit } from '../analyzer/audit.ts';
import type { AuditInput } from '../analyzer/outcome.ts';
import { reorder } from '../analyzer/reorder.ts';
import { openResultStore } from '../analyzer/resultStore.ts';
import { discover } from '../analyzer/sources/discover.ts';
import { extract } from '../analyzer/sources/index.ts';
import { readPromptFile } from '../analyzer/sources/readPromptFile.ts';
import { HoldfastError } from '../errors.ts';
import { Engine } from '../runtime/engine/client.ts';
import {
  holdfastHome,
  listModels,
  planRemoval,
  pullModel,
  removeModel,
  resolveModel,
  verifyAll,
  verifyModel,
} from '../runtime/models/index.ts';
import type { Dependencies, EnginePort } from './dependencies.ts';
import { cacheFolderCheck, deviceCheck, memoryCheck, modelCheck, nodeCheck, onnxRuntimeCheck } from './doctorChecks.ts';

/** Everything that the commands call, as the product has it. */
export function productDependencies(): Dependencies {
  return {
    audit,
    reorder,
    findPrompts,
    models: {
      resolve: resolveModel,
      pull: pullModel,
      list: listModels,
      verify: verifyModel,
      verifyAll,
      planRemoval,
      remove: removeModel,
    },
    openEngine,
    openResults: () => openResultStore(holdfastHome().results, [fileURLToPath(import.meta.url), engineFile()]),
    doctorChecks: [
      nodeCheck(),
      cacheFolderCheck(),
      memoryCheck(),
      onnxRuntimeCheck(),
      deviceCheck(),
      modelCheck({ resolve: resolveModel, verify: verifyModel }),
    ],
  };
}

/** Throws `no-prompts` when a file that was named by itself holds none; an empty file of a folder is passed over. */
async function findPrompts(patterns: readonly string[], cwd: string, signal: AbortSignal): Promise<AuditInput[]> {
  const inputs: AuditInput[] = [];
  const reasons: string[] = [];
  for (const { path, uri, source } of await discover(patterns, cwd)) {
    signal.throwIfAborted();
    const fileText = await readPromptFile(path);
    const { prompts, reason } = extract(uri, fileText, source);
    inputs.push(...prompts.map((prompt) => ({ prompt, fileText })));
    if (reason !== null) reasons.push(`${uri}: ${reason}`);
  }
  if (inputs.length > 0) return inputs;
  throw new HoldfastError(
    'no-prompts',
    `No prompt was found. ${reasons.join('; ')}.`,
    'Name a file that holds a prompt.',
  );
}

function openEngine(): EnginePort {
  const engine = new Engine({ enginePath: engineFile() });
  const dispose = (): void => {
    process.off('exit', dispose);
    engine.dispose();
  };
  // A second Ctrl-C ends this process at once; an engine in the middle of a long run would notice only after it.
  process.on('exit', dispose);
  return {
    load: ({ model: { id, path, sha256 }, ...settings }, signal) =>
      engine.load({ id, path, sha256, ...settings, graphsFolder: holdfastHome().graphs }, signal),
    dispose,
  };
}

/** The engine's program: beside the bundled CLI, or in the build folder when the CLI runs from its sources. */
function engineFile(): string {
  const places = ['./engine.cjs', '../../dist/engine.cjs'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new HoldfastError(
    'engine-failed',
    `The engine is missing: ${places[0]!}.`,
    'Run "npm run build", or reinstall.',
  );
}
