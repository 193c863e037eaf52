import { readFile, stat } from 'node:fs/promises';
import { HoldfastError } from '../../errors.ts';

/** Larger files are data, not prompts: a million characters exceed every model that runs here. */
export const maxPromptFileBytes = 1024 * 1024;

/**
 * The text of a file, byte order mark included so that offsets are those of the file.
 * @throws {HoldfastError} `file-unreadable` when it is missing, too large, binary or not UTF-8.
 */
export async function readPromptFile(path: string): Promise<string> {
  const bytes = await readBytes(path);
  if (bytes.includes(0)) {
    throw new HoldfastError(
      'file-unreadable',
      `${path} is not read: it is a binary file or UTF-16 text.`,
      'Save it as UTF-8 text.',
    );
  }
  return decodeUtf8(bytes, path);
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > maxPromptFileBytes) {
      const hint = 'Name the file that holds the prompt alone.';
      throw new HoldfastError('file-unreadable', `${path} is not read: it is larger than 1 MiB.`, hint);
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const [reason, hint] = reasons[code ?? ''] ?? [error instanceof Error ? error.message : String(error), undefined];
    throw new HoldfastError('file-unreadable', `${path} is not read: ${reason}.`, hint, { cause: error });
  }
}

const reasons: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['there is no such file', 'Check the path; it is relative to the current folder.'],
  EACCES: ['permission denied', 'Check the permissions of the file.'],
  EPERM: ['permission denied', 'Check the permissions of the file.'],
  EISDIR: ['it is a folder', 'Name a file, or a folder in a place where files are searched.'],
};

function decodeUtf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const message = `${path} is not read: it is not UTF-8 text.`;
    throw new HoldfastError('file-unreadable', message, 'Save it as UTF-8 text.', { cause: error });
  }
}
