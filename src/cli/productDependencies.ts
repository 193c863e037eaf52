import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { audit } from '../analyzer/audit.ts';
import { reorder } from '../analyzer/reorder.ts';
import { openResultStore } from '../analyzer/resultStore.ts';
import { findPrompts } from '../analyzer/sources/findPrompts.ts';

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
