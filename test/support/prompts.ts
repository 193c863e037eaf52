import type { Prompt } from '../../src/analyzer/prompt.ts';
import { bodyOf } from '../../src/analyzer/sources/wholeFile.ts';

/** The prompt of a file that a user named: its whole body. */
export const namedPrompt = (uri: string, fileText: string): Prompt => ({
  uri,
  source: 'named-file',
  ...bodyOf(fileText),
});
