import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { WeightSource } from '../weights/weightSource.ts';
import { GraphBuilder } from './graphBuilder.ts';
import { graphFiles, graphVersion, isWhole, writeManifest } from './graphEntry.ts';
import { buildDecoder } from './decoderGraph.ts';
import { decoderWeights } from './decoderWeights.ts';
import { graphPrefix } from './graphFolder.ts';
import type { ModelConfig } from './modelConfig.ts';
import { encodeModel } from './onnxModel.ts';
import type { Precision } from './precision.ts';
import { executedBytes } from './weightMatrix.ts';

export interface BuiltGraph {
  readonly modelPath: string;
  /** Size of the graph's weights on disk. */
  readonly weightBytes: number;
  readonly fromCache: boolean;
}

/** Rotary tables, page padding and the model file, generously. */
const overheadBytes = 64e6;

/**
 * The ONNX graph of a model, built once per content hash and precision. A folder appears under its final name only when it
 * is complete; one that is incomplete or damaged is built again. What crashed builds and older versions left is removed.
 * @throws HoldfastError `disk-space` before anything is written when the graph cannot fit, `file-unwritable`.
 */
export function ensureGraph(
  source: WeightSource,
  config: ModelConfig,
  sha256: string,
  graphsFolder: string,
  precision: Precision = 'auto',
): BuiltGraph {
  const folder = path.join(graphsFolder, `${graphPrefix(sha256)}${precision}-v${graphVersion}`);
  if (isWhole(folder)) return built(folder, true);
  removeLeftovers(graphsFolder);
  let partial: string | null = null;
  try {
    rmSync(folder, { recursive: true, force: true }); // damaged, and its space is needed
    mkdirSync(graphsFolder, { recursive: true });
    requireSpace(graphsFolder, executedBytes(source, precision) + overheadBytes);
    partial = mkdtempSync(path.join(graphsFolder, `${ownPrefix}${process.pid}-`));
    write(partial, (graph) => buildDecoder(graph, config, decoderWeights(source, config, precision)));
    if (!isWhole(folder)) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(partial, folder);
      partial = null;
    }
  } catch (error) {
    if (isWhole(folder)) return built(folder, true); // another process was faster
    throw explainWriteError(error, graphsFolder);
  } finally {
    if (partial !== null) rmSync(partial, { recursive: true, force: true });
  }
  return built(folder, false);
}

const built = (folder: string, fromCache: boolean): BuiltGraph => ({
  modelPath: path.join(folder, graphFiles.model),
  weightBytes: statSync(path.join(folder, graphFiles.weights)).size,
  fromCache,
});

function write(folder: string, build: (graph: GraphBuilder) => void): void {
  const graph = new GraphBuilder(path.join(folder, graphFiles.weights), graphFiles.weights);
  try {
    build(graph);
    writeFileSync(path.join(folder, graphFiles.model), encodeModel(graph.finish()), { flush: true });
  } finally {
    graph.close();
  }
  writeManifest(folder, graph.regions());
}

/** @throws HoldfastError `disk-space` with both numbers when `bytes` do not fit on the disk of `folder`. */
export function requireSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const gigabytes = (value: number): string => `${(value / 1e9).toFixed(1)} GB`;
  throw new HoldfastError(
    'disk-space',
    `The converted model takes ${gigabytes(bytes)} in ${folder}, where ${gigabytes(free)} are free.`,
    'Free some space, or set HOLDFAST_HOME to another disk.',
  );
}

// A build in progress is named by its machine (a home may be shared) and process, so that others can tell whether it was
// abandoned: partial-<machine>-<pid>-<random>.
const machine = createHash('sha256').update(os.hostname()).digest('hex').slice(0, 8);
const ownPrefix = `partial-${machine}-`;
const partialName = /^partial-(?:(?<machine>[0-9a-f]{8})-(?<pid>\d+)-)?\w+$/u;
const graphName = /^[0-9a-f]{24}(?:-\w+)?-v(?<version>\d+)$/u;

/** No conversion takes this long: its process is gone, even where that cannot be asked. */
const abandonedAfterMs = 24 * 3600 * 1000;

function removeLeftovers(graphsFolder: string): void {
  let names: string[];
  try {
    names = readdirSync(graphsFolder);
  } catch {
    return; // no folder yet
  }
  for (const name of names) {
    const folder = path.join(graphsFolder, name);
    try {
      if (isOlderGraph(name) || isAbandoned(name, folder)) rmSync(folder, { recursive: true, force: true });
    } catch {
      // In use, or someone else's: it costs space and nothing else.
    }
  }
}

function isOlderGraph(name: string): boolean {
  const version = graphName.exec(name)?.groups?.version;
  return version !== undefined && Number(version) < graphVersion;
}

function isAbandoned(name: string, folder: string): boolean {
  const groups = partialName.exec(name)?.groups;
  if (groups === undefined) return false;
  if (groups.machine === machine && !isRunning(Number(groups.pid))) return true;
  return Date.now() - statSync(folder).mtimeMs > abandonedAfterMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Codes of a place that cannot be written to, as opposed to a failing build. */
const unwritable: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']);

function explainWriteError(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC') {
    return new HoldfastError(
      'disk-space',
      `The disk became full while the model was converted in ${folder}.`,
      'Free some space, or set HOLDFAST_HOME to another disk.',
      { cause: error },
    );
  }
  if (typeof code === 'string' && unwritable.has(code)) {
    return new HoldfastError(
      'file-unwritable',
      `Cannot write to ${folder}.`,
      'Set HOLDFAST_HOME to a folder that you can write to.',
      { cause: error },
    );
  }
  return error;
}
