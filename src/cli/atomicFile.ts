import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../errors.ts';

/**
 * A file that is replaced as a whole or not at all. Opening it proves that its folder can be written before any long
 * work starts; `commit` writes beside it and renames. Devices and pipes are written directly.
 */
export class AtomicFile {
  private constructor(
    readonly path: string,
    readonly handle: FileHandle,
    /** Undefined for what cannot be renamed over. */
    readonly temporary: string | undefined,
  ) {}

  static async open(named: string, cwd: string): Promise<AtomicFile> {
    const absolute = path.resolve(cwd, named);
    try {
      // Through a link, so that the link stays one.
      const target = await realpath(absolute).catch(() => absolute);
      const existing = await stat(target).catch(() => undefined);
      if (existing?.isDirectory() === true) throw new Error('it is a folder');
      if (existing !== undefined && !existing.isFile())
        return new AtomicFile(target, await open(target, 'w'), undefined);
      const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID()}.tmp`);
      const handle = await open(temporary, 'wx', existing?.mode ?? 0o666);
      return new AtomicFile(target, handle, temporary);
    } catch (cause) {
      throw unwritable(named, cause);
    }
  }

  /** Replaces the file. On failure the old content stands and nothing is left behind. */
  async commit(text: string): Promise<void> {
    try {
      await this.handle.writeFile(text);
      // A disk can report that it is full as late as this.
      if (this.temporary !== undefined) await this.handle.sync();
      await this.handle.close();
      if (this.temporary !== undefined) await rename(this.temporary, this.path);
    } catch (cause) {
      await this.discard();
      throw unwritable(this.path, cause);
    }
  }

  /** Gives up; the old content stands. Harmless after `commit`. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    if (this.temporary !== undefined) await rm(this.temporary, { force: true }).catch(() => undefined);
  }
}

function unwritable(file: string, cause: unknown): HoldfastError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const why = full ? 'the disk is full' : code === 'ENOENT' ? 'its folder does not exist' : message;
  return new HoldfastError(
    full ? 'disk-space' : 'file-unwritable',
    `${file} cannot be written: ${why}.`,
    full
      ? 'Free disk space, or name a file on another disk.'
      : 'Name a file in an existing folder that you may write to.',
    { cause },
  );
}
