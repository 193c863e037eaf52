import type { PromptSource } from './promptSource.ts';
import { extractWholeFile } from './wholeFile.ts';

/** Rules for coding agents, read by most of them; nested files add to or replace the outer ones, depending on the tool. */
export const agentsMd: PromptSource = {
  id: 'agents-md',
  title: 'AGENTS.md',
  patterns: ['**/AGENTS.md'],
  extract: (uri, fileText) => extractWholeFile(uri, fileText, 'agents-md'),
};
