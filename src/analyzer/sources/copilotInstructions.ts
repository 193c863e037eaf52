import type { PromptSource } from './promptSource.ts';
import { extractWholeFile } from './wholeFile.ts';

/** Repository-wide instructions of GitHub Copilot, always in context. */
export const copilotInstructions: PromptSource = {
  id: 'copilot-instructions',
  title: 'GitHub Copilot instructions',
  patterns: ['**/.github/copilot-instructions.md'],
  extract: (uri, fileText) => extractWholeFile(uri, fileText, 'copilot-instructions'),
};
