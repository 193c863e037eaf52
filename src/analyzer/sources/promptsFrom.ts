import type { MappedText, Prompt } from '../prompt.ts';
import { withLineFeeds } from './mappedText.ts';
import type { Extraction, SourceFile } from './promptSource.ts';

/** A text that a source found, before it becomes a prompt. */
export interface FoundText extends Pick<Prompt, 'role' | 'isLikely' | 'limits' | 'samples' | 'notes'> {
  readonly mapped: MappedText;
}

/** Prompts of a file beyond this number are not read: such a file is a data set. */
const mostPrompts = 100;

/**
 * Makes prompts of the texts that were found: blank ones and repeats are left out, line ends are `\n`. `reason` says why
 * there may be none.
 */
export function promptsFrom(
  { uri }: Pick<SourceFile, 'uri'>,
  source: string,
  found: Iterable<FoundText>,
  reason: string,
): Extraction {
  const prompts: Prompt[] = [];
  const seen = new Set<string>();
  for (const { mapped, ...traits } of found) {
    const { text, segments } = withLineFeeds(mapped);
    if (text.trim() === '' || seen.has(text)) continue;
    seen.add(text);
    prompts.push({ uri, source, ...traits, text, segments });
    if (prompts.length >= mostPrompts) break;
  }
  return { prompts, reason: prompts.length === 0 ? reason : null };
}
