import type { PromptSource } from './promptSource.ts';
import { extractWholeFile } from './wholeFile.ts';

/** A file named as a prompt. Prompt files of GitHub Copilot are user turns, not system prompts. */
export const promptFile: PromptSource = {
  id: 'prompt-file',
  title: 'Prompt file',
  patterns: ['**/*prompt*.md', '**/*prompt*.txt'],
  exclude: ['**/.github/prompts/**'],
  extract: (file) => extractWholeFile(file, 'prompt-file'),
};
