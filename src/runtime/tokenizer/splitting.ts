import type { AlignedText } from './alignedText.ts';

/** Cuts a text into words; merges never cross a cut. */
export type PreTokenizer = (text: AlignedText) => AlignedText[];

/** What becomes of the stretches that a pattern matches; what it does not match is a word of its own everywhere. */
export const splitBehaviors = [
  'isolated',
  'removed',
  'contiguous',
  'merged-with-previous',
  'merged-with-next',
] as const;
export type SplitBehavior = (typeof splitBehaviors)[number];

interface Stretch {
  readonly start: number;
  end: number;
  readonly isMatch: boolean;
}

/** Splits at the matches of `pattern` (global); with `invert`, at what it does not match. Empty words are left out. */
export function splitter(pattern: RegExp, behavior: SplitBehavior, invert = false): PreTokenizer {
  return (text) =>
    arrange(stretches(text.text, pattern, invert), behavior)
      .filter(({ start, end }) => end > start)
      .map(({ start, end }) => text.slice(start, end));
}

export const splitSequence =
  (steps: readonly PreTokenizer[]): PreTokenizer =>
  (text) =>
    steps.reduce((words, step) => words.flatMap((word) => step(word)), [text]);

/** Matches and the gaps between them, in order. An empty match is a cut. */
function stretches(text: string, pattern: RegExp, invert: boolean): Stretch[] {
  const found: Stretch[] = [];
  let at = 0;
  for (const { index, 0: match } of text.matchAll(pattern)) {
    if (index > at) found.push({ start: at, end: index, isMatch: invert });
    at = index + match.length;
    found.push({ start: index, end: at, isMatch: !invert });
  }
  if (at < text.length) found.push({ start: at, end: text.length, isMatch: invert });
  return found;
}

function arrange(found: readonly Stretch[], behavior: SplitBehavior): readonly Stretch[] {
  switch (behavior) {
    case 'isolated':
      return found;
    case 'removed':
      return found.filter(({ isMatch }) => !isMatch);
    case 'contiguous':
      return joined(found, (previous, { isMatch }) => previous.isMatch === isMatch);
    case 'merged-with-previous':
      // A match after a match is a word of its own: only what stands before the first one takes it up.
      return joined(found, (previous, { isMatch }) => isMatch && !previous.isMatch);
    case 'merged-with-next':
      return joined(found, (previous, { isMatch }) => previous.isMatch && !isMatch);
  }
}

/** Joins each stretch to the one before it where `joins` says so of the two, as they were found. */
function joined(found: readonly Stretch[], joins: (previous: Stretch, next: Stretch) => boolean): Stretch[] {
  const words: Stretch[] = [];
  found.forEach((stretch, i) => {
    if (i > 0 && joins(found[i - 1]!, stretch)) words[words.length - 1]!.end = stretch.end;
    else words.push({ ...stretch });
  });
  return words;
}
