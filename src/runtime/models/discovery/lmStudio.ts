import path from 'node:path';
import { examine, type Discovered } from '../foundModel.ts';
import type { Machine } from '../home.ts';
import { modelPaths } from '../modelFiles.ts';
import { lmStudioFolders } from '../places.ts';

/** Models of LM Studio: `<publisher>/<repository>/<file>.gguf`, or a folder of safetensors. */
export async function* lmStudioModels(machine: Machine): AsyncGenerator<Discovered> {
  for (const folder of await lmStudioFolders(machine))
    for await (const found of modelPaths([folder])) {
      const within = path.relative(folder, found.path).split(path.sep).join('/');
      yield examine(found, { id: `lmstudio:${within}`, keeper: 'lm-studio' });
    }
}
