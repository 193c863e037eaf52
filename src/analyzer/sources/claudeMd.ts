import type { PromptSource } from './promptSource.ts';
import { extractWholeFile } from './wholeFile.ts';

/** Claude Code's memory file. Its `@path` imports are audited as the files they name, not expanded. */
export const claudeMd: PromptSource = {
  id: 'claude-md',
  title: 'CLAUDE.md',
  patterns: ['**/CLAUDE.md'],
  extract: (uri, fileText) => extractWholeFile(uri, fileText, 'claude-md'),
};
