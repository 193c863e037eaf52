import { createHash, randomBytes, type Hash } from 'node:crypto';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** A partial whose owner seems alive is taken over after this: process ids are reused, and no download waits so long. */
const ABANDONED_MS = 10 * 60_000;
const READ_BYTES = 1 << 20;

/**
 * The unfinished content of one target file, hashed as it grows. It has a name of its own (`<target>.<pid>-<random>.partial`)
 * while a process writes it, so two processes that fetch the same model never write the same file; what is left of a
 * stopped download rests as `<target>.partial`. Claiming is an atomic rename, which one process wins.
 */
export class PartialFile {
  #hash: Hash = createHash('sha256');
  #length = 0;
  #open = true;

  private constructor(
    private readonly target: string,
    private readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  /** Continues the longest partial that nobody is writing, else starts an empty one. The target's folder must exist. */
  static async claim(target: string, signal: AbortSignal, progress?: (done: number) => void): Promise<PartialFile> {
    const file = `${target}.${process.pid}-${randomBytes(4).toString('hex')}.partial`;
    let claimed = false;
    for (const abandoned of await abandonedPartials(target)) {
      if (claimed) {
        await rm(abandoned, { force: true });
        continue;
      }
      // Another process may win the rename, or (Windows) still have the file open: then the next one will do.
      claimed = await rename(abandoned, file).then(
        () => true,
        () => false,
      );
    }
    const partial = new PartialFile(target, file, await open(file, claimed ? 'r+' : 'wx+'));
    try {
      await partial.#readExisting(signal, progress);
    } catch (error) {
      await partial.keep();
      throw error;
    }
    return partial;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Lower-case hex, of the bytes so far. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  async append(chunk: Uint8Array): Promise<void> {
    let written = 0;
    while (written < chunk.byteLength) {
      const part = chunk.subarray(written);
      written += (await this.handle.write(part, 0, part.byteLength, this.#length + written)).bytesWritten;
    }
    this.#hash.update(chunk);
    this.#length += chunk.byteLength;
  }

  /** Forgets all content. */
  async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.#hash = createHash('sha256');
    this.#length = 0;
  }

  /** Puts the finished file in the target's place. The caller has compared `sha256` with what it expects. */
  async install(): Promise<void> {
    await this.handle.sync(); // a name must not outlive a power cut that its content does not
    await this.#close();
    await rename(this.file, this.target);
  }

  /** Leaves the content for a later claim; the longer one stays when there is one already. Does nothing once installed. */
  async keep(): Promise<void> {
    const length = this.#open ? (await this.handle.stat()).size : 0;
    await this.#close();
    const resting = `${this.target}.partial`;
    const other = await stat(resting).catch(() => undefined);
    if (length > (other?.size ?? 0)) await rename(this.file, resting);
    else await rm(this.file, { force: true });
  }

  async #readExisting(signal: AbortSignal, progress?: (done: number) => void): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.#length);
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#length += bytesRead;
      progress?.(this.#length);
    }
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.handle.close();
  }
}

/** Partials of the target that no live process writes, longest first. */
async function abandonedPartials(target: string): Promise<string[]> {
  const folder = path.dirname(target);
  const prefix = `${path.basename(target)}.`;
  const found: { file: string; size: number }[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const owner = /^(?:(\d+)-[0-9a-f]{8}\.)?partial$/u.exec(name.slice(prefix.length));
    if (owner === null) continue;
    const file = path.join(folder, name);
    const stats = await stat(file).catch(() => undefined);
    if (stats === undefined) continue;
    const owned = owner[1] !== undefined && isAlive(Number(owner[1]));
    if (!owned || Date.now() - stats.mtimeMs > ABANDONED_MS) found.push({ file, size: stats.size });
  }
  return found.sort((a, b) => b.size - a.size).map(({ file }) => file);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'; // EPERM: alive, of another user
  }
}
