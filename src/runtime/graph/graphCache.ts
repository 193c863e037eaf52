import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import type { WeightSource } from '../weights/weightSource.ts';
import { GraphBuilder } from './graphBuilder.ts';
import { graphPrefix } from './graphFolder.ts';
import { buildLlama } from './llama.ts';
import { llamaWeights } from './llamaWeights.ts';
import type { ModelConfig } from './modelConfig.ts';
import { encodeModel } from './onnxModel.ts';

/** Part of a cached graph's name. Raise it with every change of what the builder writes. */
const graphVersion = 4;

const modelFile = 'model.onnx';
const weightsFile = 'weights.bin';
const manifestFile = 'manifest.json';
const manifest = z.strictObject({ graphVersion: z.literal(graphVersion), sizes: z.record(z.string(), z.number()) });

export interface BuiltGraph {
  readonly modelPath: string;
  /** Size of the graph's weights on disk. */
  readonly weightBytes: number;
  readonly fromCache: boolean;
}

/**
 * The ONNX graph of a model, built once per content hash. A folder appears under its final name only when it is complete;
 * one that is incomplete or has files of a wrong size is built again.
 */
export function ensureGraph(
  source: WeightSource,
  config: ModelConfig,
  sha256: string,
  graphsFolder: string,
): BuiltGraph {
  const folder = path.join(graphsFolder, `${graphPrefix(sha256)}${graphVersion}`);
  if (isComplete(folder)) return built(folder, true);
  const partial = createPartial(graphsFolder);
  try {
    const graph = new GraphBuilder(path.join(partial, weightsFile), weightsFile);
    try {
      buildLlama(graph, config, llamaWeights(source, config));
      writeFileSync(path.join(partial, modelFile), encodeModel(graph.finish()));
    } catch (error) {
      graph.close();
      throw error;
    }
    const sizes = Object.fromEntries(
      [modelFile, weightsFile].map((file) => [file, statSync(path.join(partial, file)).size]),
    );
    writeFileSync(path.join(partial, manifestFile), JSON.stringify({ graphVersion, sizes }));
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (isComplete(folder)) return built(folder, true); // another process was faster
    throw explainWriteError(error, graphsFolder);
  }
  return built(folder, false);
}

const built = (folder: string, fromCache: boolean): BuiltGraph => ({
  modelPath: path.join(folder, modelFile),
  weightBytes: statSync(path.join(folder, weightsFile)).size,
  fromCache,
});

function isComplete(folder: string): boolean {
  const file = path.join(folder, manifestFile);
  if (!existsSync(file)) return false;
  try {
    const { sizes } = manifest.parse(JSON.parse(readFileSync(file, 'utf8')));
    return [modelFile, weightsFile].every((name) => statSync(path.join(folder, name)).size === sizes[name]);
  } catch {
    return false; // unreadable means incomplete: it is built again
  }
}

function createPartial(graphsFolder: string): string {
  try {
    mkdirSync(graphsFolder, { recursive: true });
    return mkdtempSync(path.join(graphsFolder, 'partial-'));
  } catch (error) {
    throw explainWriteError(error, graphsFolder);
  }
}

/** Codes of a place that cannot be written to, as opposed to a failing build. */
const unwritable: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']);

function explainWriteError(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC') {
    return new HoldfastError(
      'disk-space',
      `No space left to convert the model in ${folder}.`,
      'Free some space, or set HOLDFAST_HOME to another disk.',
      {
        cause: error,
      },
    );
  }
  if (typeof code === 'string' && unwritable.has(code)) {
    return new HoldfastError(
      'file-unwritable',
      `Cannot write to ${folder}.`,
      'Set HOLDFAST_HOME to a folder that you can write to.',
      {
        cause: error,
      },
    );
  }
  return error;
}
