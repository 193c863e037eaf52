import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError, isAbortError } from '../errors.ts';
import { planDevice, type GraphicsAdapter } from '../runtime/engine/devicePlan.ts';
import { graphicsAdapter } from '../runtime/engine/graphicsAdapter.ts';
import { formatBytes, memoryAvailable } from '../runtime/memory/index.ts';
import { defaultMemoryLimit } from '../runtime/memory/memoryLimit.ts';
import { holdfastHome, type ResolvedModel, type resolveModel } from '../runtime/models/index.ts';
import { megabytes, pullAdvice } from './session.ts';

export interface CheckResult {
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it. */
  readonly todo?: string;
}

export interface Check {
  readonly title: string;
  /** A rejection counts as a failed check. */
  readonly run: (signal: AbortSignal) => Promise<CheckResult>;
}

/** `engines.node` of the manifest. */
const oldestNode = 20;
/** The default model's weights, graph and caches together stay below this (measured on the bank example: about 600 MB). */
const comfortableMemoryBytes = 1e9;
/** Weights of the default model's graph. */
const defaultGraphBytes = 228e6;
/** Loading the native library takes a fraction of a second; a scanner of the operating system may hold it up. */
const loadTimeoutMs = 20_000;

const run = promisify(execFile);

export const nodeCheck = (version: string = process.versions.node): Check => ({
  title: 'Node.js',
  run: () =>
    Promise.resolve(
      Number.parseInt(version, 10) >= oldestNode
        ? { status: 'ok', found: version }
        : { status: 'fail', found: version, todo: `Install Node.js ${oldestNode} or newer.` },
    ),
});

/** Loads ONNX Runtime in a process of its own, as the engine does, and asks which providers it has. Rejects when it does not load. */
async function listProviders(signal: AbortSignal): Promise<string[]> {
  const file = createRequire(import.meta.url).resolve('onnxruntime-node');
  const script = `const ort = require(${JSON.stringify(file)}); console.log(ort.listSupportedBackends().map(({ name }) => name).join())`;
  const { stdout } = await run(process.execPath, ['-e', script], { signal, timeout: loadTimeoutMs });
  return stdout.trim().split(',');
}

export const onnxRuntimeCheck = (): Check => ({
  title: `ONNX Runtime on ${process.platform}-${process.arch}`,
  async run(signal) {
    const todo =
      'Run "npm install" again. Binaries exist for linux-x64, linux-arm64, darwin-arm64, win32-x64 and win32-arm64.';
    try {
      return { status: 'ok', found: `loads; providers: ${(await listProviders(signal)).join(', ')}` };
    } catch (error) {
      signal.throwIfAborted();
      const { message, stderr } = error as Error & { stderr?: string };
      const reason = (stderr ?? '').split('\n').find((line) => line.includes('Error')) ?? message.split('\n')[0]!;
      return { status: 'fail', found: `does not load: ${reason}`, todo };
    }
  },
});

/** A model of 8 billion weights in 4 bits. */
const largeModelBytes = 6e9;

/** What the device "auto" would choose here for the default model and for a large one, and why. */
export const deviceCheck = (
  providers: (signal: AbortSignal) => Promise<string[]> = listProviders,
  adapter: GraphicsAdapter = graphicsAdapter(),
): Check => ({
  title: 'Device',
  async run(signal) {
    const available = await providers(signal);
    const choice = (weightBytes: number): string => {
      const { candidates, cpuReason } = planDevice({
        wanted: 'auto',
        available,
        platform: process.platform,
        adapter,
        weightBytes,
      });
      if (candidates.length === 0) return `cpu (${cpuReason})`;
      return `${candidates.map(({ provider }) => provider).join(', then ')}, if a check run gives the CPU's numbers faster, else cpu`;
    };
    return {
      status: 'ok',
      found: `auto chooses for the default model ${choice(defaultGraphBytes)}; for a model of ${formatBytes(largeModelBytes)} ${choice(largeModelBytes)}`,
    };
  },
});

/** The default model is here and its content is what it should be. */
export const modelCheck = (models: {
  resolve: typeof resolveModel;
  verify: (id: undefined, signal: AbortSignal) => Promise<Pick<ResolvedModel, 'path'>>;
}): Check => ({
  title: 'Default model',
  async run(signal) {
    const found = await models.resolve(undefined, signal);
    if ('missing' in found) {
      const todo = `${pullAdvice(found.missing)}, or audit with --model PATH.`;
      return { status: 'fail', found: `${found.missing.title} is not on this machine`, todo };
    }
    try {
      const { path: file } = await models.verify(undefined, signal);
      return { status: 'ok', found: `${found.id}, verified, ${file}` };
    } catch (error) {
      if (isAbortError(error) || !(error instanceof HoldfastError)) throw error;
      return { status: 'fail', found: error.message, ...(error.hint !== undefined && { todo: error.hint }) };
    }
  },
});

/** The folder that models and graphs are kept in, or the nearest one above it that exists, can be written. */
export const cacheFolderCheck = (root: string = holdfastHome().root): Check => ({
  title: 'Cache folder',
  async run() {
    let folder = root;
    for (;;) {
      try {
        await access(folder, constants.W_OK | constants.X_OK);
        break;
      } catch (error) {
        const parent = path.dirname(folder);
        if ((error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== folder) {
          folder = parent;
          continue;
        }
        return {
          status: 'fail',
          found: `${root} cannot be written (${(error as Error).message})`,
          todo: 'Make it writable, or set HOLDFAST_HOME to a folder that is.',
        };
      }
    }
    const free = await statfs(folder).then(
      ({ bavail, bsize }) => `, ${megabytes(bavail * bsize)} free`,
      () => '',
    );
    return { status: 'ok', found: `${root}${free}` };
  },
});

export const memoryCheck = (
  memory: () => Promise<{ free: number; total: number; limit: number }> = standardMemory,
): Check => ({
  title: 'Memory',
  async run() {
    const { free, total, limit } = await memory();
    const found = `${formatBytes(free)} available of ${formatBytes(total)}; audits may use ${formatBytes(limit)} (${defaultMemoryLimit})`;
    if (limit >= comfortableMemoryBytes) return { status: 'ok', found };
    const todo = `Audits with the default model want about ${formatBytes(comfortableMemoryBytes)}: with less they run in smaller batches. Close other programs, or raise --memory-limit.`;
    return { status: 'warn', found, todo };
  },
});

const standardMemory = (): ReturnType<typeof memoryAvailable> => memoryAvailable(defaultMemoryLimit);
