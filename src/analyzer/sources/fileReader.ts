import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { FileReader } from './promptSource.ts';
import { readPromptFile } from './readPromptFile.ts';

/** Reads files that a file of a folder names, as long as they lie in that folder. `uriOf` is how reports name a path. */
export function fileReader(file: string, root: string, uriOf: (file: string) => string): FileReader {
  return async (named) => {
    const target = path.resolve(path.dirname(file), named);
    const outside = { reason: 'it lies outside of the folder', isOutside: true } as const;
    if (named.startsWith('~') || !isInside(target, root)) return outside;
    try {
      // A link may lead out of the folder.
      if (!isInside(await realpath(target), await realpath(root))) return outside;
      const text = await readPromptFile(target);
      return { uri: uriOf(target), text, read: fileReader(target, root, uriOf) };
    } catch (error) {
      if (error instanceof HoldfastError) return { reason: error.message.replace(/^.* is not read: |\.$/g, '') };
      return { reason: 'there is no such file' };
    }
  };
}

function isInside(target: string, root: string): boolean {
  const relative = path.relative(root, target);
  return !relative.startsWith('..') && !path.isAbsolute(relative);
}
