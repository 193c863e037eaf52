import type { PromptSource } from './promptSource.ts';
import { extractWholeFile } from './wholeFile.ts';

/** Any Markdown or plain-text file that the user names or has open, untitled documents included. */
export const namedFile: PromptSource = {
  id: 'named-file',
  title: 'Named file',
  patterns: [],
  extract: (file) => extractWholeFile(file, 'named-file'),
};

/** Endings of files whose whole text can be one prompt. */
export const namedFileExtensions = ['.md', '.markdown', '.mdc', '.txt', '.prompt'] as const;
