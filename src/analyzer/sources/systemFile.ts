import type { PromptSource } from './promptSource.ts';
import { extractWholeFile } from './wholeFile.ts';

/** A system prompt kept in a file of its own. */
export const systemFile: PromptSource = {
  id: 'system-file',
  title: 'System prompt file',
  patterns: ['**/system*.md', '**/system*.txt'],
  extract: (file) => extractWholeFile(file, 'system-file'),
};
