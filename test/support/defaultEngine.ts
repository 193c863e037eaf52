import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Engine } from '../../src/runtime/engine/client.ts';
import type { LanguageModel } from '../../src/runtime/languageModel.ts';
import { defaultModelPath } from './model.ts';

const never = new AbortController().signal;

/** The default model in an engine of its own on the CPU, closed after the suite that asks for it. Needs a built engine. */
export async function loadDefaultModel(): Promise<LanguageModel> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-model-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  const engine = new Engine({ enginePath: fileURLToPath(new URL('../../dist/engine.cjs', import.meta.url)) });
  after(() => engine.dispose());
  return await engine.load(
    {
      id: 'm',
      path: defaultModelPath()!,
      sha256: '0'.repeat(64),
      graphsFolder: scratch,
      device: 'cpu',
      precision: 'auto',
      memoryLimit: '90%',
    },
    never,
  );
}
