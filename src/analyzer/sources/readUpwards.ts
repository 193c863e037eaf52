import type { FileReader, ReadFile } from './promptSource.ts';

/** Folders above a file that are looked into. */
export const mostFoldersAbove = 32;

/**
 * Reads a file whose path is relative to some folder above, such as the one a program is started in or templates are loaded
 * from: the nearest folder that holds it, up to the workspace's.
 */
export async function readUpwards(read: FileReader, path: string): Promise<ReadFile> {
  const nearest = await read(path);
  if ('text' in nearest || path.startsWith('/')) return nearest;
  for (let level = 1; level <= mostFoldersAbove; level++) {
    const file = await read(`${'../'.repeat(level)}${path}`);
    if ('text' in file) return file;
    if (file.isOutside) break;
  }
  return nearest;
}
