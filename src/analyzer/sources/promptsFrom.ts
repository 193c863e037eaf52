import type { MappedText, Prompt } from '../prompt.ts';
import { withLineFeeds } from './mappedText.ts';
import type { Extraction, PromptElsewhere, SourceFile } from './promptSource.ts';

/** A text that a source found, before it becomes a prompt. */
export interface FoundText extends Pick<Prompt, 'role' | 'isLikely' | 'limits' | 'samples' | 'notes'> {
  readonly mapped: MappedText;
  /** The file that `mapped` leads to, where it is not the one that is read. */
  readonly file?: SourceFile;
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
  const elsewhere: PromptElsewhere[] = [];
  const seen = new Set<string>();
  for (const { mapped, file, notes = [], ...traits } of found) {
    const { text, segments } = withLineFeeds(mapped);
    if (text.trim() === '' || seen.has(text)) continue;
    seen.add(text);
    const isElsewhere = file !== undefined && file.uri !== uri;
    const told = isElsewhere ? [...notes, `${uri} uses it.`] : notes;
    const prompt = { source, ...traits, ...(told.length === 0 ? {} : { notes: told }), text, segments };
    if (isElsewhere) elsewhere.push({ prompt: { uri: file.uri, ...prompt }, fileText: file.text });
    else prompts.push({ uri, ...prompt });
    if (seen.size >= mostPrompts) break;
  }
  const isEmpty = prompts.length + elsewhere.length === 0;
  return { prompts, ...(elsewhere.length === 0 ? {} : { elsewhere }), reason: isEmpty ? reason : null };
}
