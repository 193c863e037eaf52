import type { Discovered } from '../foundModel.ts';
import type { Machine } from '../home.ts';
import { linkTarget } from '../modelFiles.ts';
import { folderModels, ownModels } from './folders.ts';
import { huggingFaceModels } from './huggingFaceCache.ts';
import { lmStudioModels } from './lmStudio.ts';
import { ollamaModels } from './ollama.ts';

const keepers = [ownModels, folderModels, huggingFaceModels, ollamaModels, lmStudioModels];

/** Every model of this machine, and what should be one and is not. A file that two names lead to is found once. */
export async function* discoverModels(machine: Machine, signal: AbortSignal): AsyncGenerator<Discovered> {
  const seen = new Set<string>();
  for (const models of keepers)
    for await (const found of models(machine)) {
      signal.throwIfAborted();
      const target = await linkTarget(found.path);
      if (seen.has(target)) continue;
      seen.add(target);
      yield found;
    }
}
