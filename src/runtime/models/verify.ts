import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { HoldfastHome } from './home.ts';

/** Told while a file is hashed: bytes done and bytes in all. */
export type HashProgress = (done: number, total: number) => void;

/** A file's identity at the time it was hashed. */
interface Stamp {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}

/** Large enough for full disk speed, small enough that an abort is noticed within milliseconds. */
const READ_BYTES = 1 << 20;

/** The sha256 of a file as lower-case hex. Rejects with the signal's reason when it aborts, with the system's error otherwise. */
export async function sha256File(file: string, signal: AbortSignal, progress?: HashProgress): Promise<string> {
  return (await hashFile(file, signal, progress)).sha256;
}

/**
 * Like `sha256File`, but a file whose size and modification time are those of its last hashing is not read again
 * (100 MB take about half a second, and a model may have gigabytes).
 */
export async function stampedSha256(
  file: string,
  home: HoldfastHome,
  signal: AbortSignal,
  progress?: HashProgress,
): Promise<string> {
  return (await rememberedSha256(file, home)) ?? restampedSha256(file, home, signal, progress);
}

/** The sha256 of a file that is unchanged since it was last hashed; `undefined` when it would have to be read. */
export async function rememberedSha256(file: string, home: HoldfastHome): Promise<string | undefined> {
  const absolute = path.resolve(file);
  const stamp = await readStamp(stampFileOf(absolute, home));
  if (stamp?.path !== absolute) return undefined;
  const { size, mtimeMs } = await stat(absolute);
  return stamp.size === size && stamp.mtimeMs === mtimeMs ? stamp.sha256 : undefined;
}

/** Reads the whole file whatever was known about it, and remembers the result for `stampedSha256`. */
export async function restampedSha256(
  file: string,
  home: HoldfastHome,
  signal: AbortSignal,
  progress?: HashProgress,
): Promise<string> {
  const absolute = path.resolve(file);
  const { sha256, size, mtimeMs, unchanged } = await hashFile(absolute, signal, progress);
  if (unchanged) await writeStamp(home, { path: absolute, size, mtimeMs, sha256 });
  return sha256;
}

/** Remembers the sha256 of a file that was hashed while it was written. */
export async function rememberSha256(file: string, home: HoldfastHome, sha256: string): Promise<void> {
  const absolute = path.resolve(file);
  const { size, mtimeMs } = await stat(absolute);
  await writeStamp(home, { path: absolute, size, mtimeMs, sha256 });
}

// One file per stamp, so that two processes never overwrite each other's.
const stampFileOf = (absolute: string, home: HoldfastHome): string =>
  path.join(home.stamps, `${createHash('sha1').update(absolute).digest('hex')}.json`);

async function hashFile(file: string, signal: AbortSignal, progress?: HashProgress) {
  signal.throwIfAborted();
  const handle = await open(file, 'r');
  try {
    const before = await handle.stat();
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let done = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, done);
      signal.throwIfAborted();
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      done += bytesRead;
      progress?.(done, before.size);
    }
    const after = await handle.stat();
    return {
      sha256: hash.digest('hex'),
      size: before.size,
      mtimeMs: before.mtimeMs,
      // A file written to while it was read has no hash worth remembering.
      unchanged: before.size === after.size && before.mtimeMs === after.mtimeMs && done === before.size,
    };
  } finally {
    await handle.close();
  }
}

async function readStamp(stampFile: string): Promise<Stamp | undefined> {
  try {
    const stamp = JSON.parse(await readFile(stampFile, 'utf8')) as Partial<Stamp> | null;
    if (typeof stamp?.sha256 !== 'string' || !/^[0-9a-f]{64}$/u.test(stamp.sha256)) return undefined;
    return stamp as Stamp;
  } catch {
    return undefined; // none yet, or unreadable: the file is hashed
  }
}

async function writeStamp(home: HoldfastHome, stamp: Stamp): Promise<void> {
  const stampFile = stampFileOf(stamp.path, home);
  const temporary = `${stampFile}.${randomUUID()}`;
  try {
    await mkdir(path.dirname(stampFile), { recursive: true });
    await writeFile(temporary, JSON.stringify(stamp));
    await rename(temporary, stampFile);
  } catch {
    // A home that cannot be written costs a second hashing next time, not this run.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
