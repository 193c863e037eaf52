import type { PromptSource } from './promptSource.ts';
import { extractWholeFile } from './wholeFile.ts';

/** A system prompt kept in a file of its own. */
export const systemFile: PromptSource = {
  id: 'system-file',
  title: 'System prompt file',
  patterns: ['**/system*.md', '**/system*.txt'],
  extract: (uri, fileText) => extractWholeFile(uri, fileText, 'system-file'),
};
