import type { TextRange } from '../prompt.ts';

/** Quotation marks that open, with those that close them; a straight one closes itself. */
const closing: Readonly<Record<string, string>> = {
  '"': '"',
  '“': '”“',
  '„': '“”"',
  '«': '»',
  '»': '«',
  '‘': '’',
  '‚': '‘’',
  "'": "'",
  '`': '`',
  '「': '」',
  '『': '』',
};

export const openingQuotes = Object.keys(closing);

/** Longest quotation that is taken for an answer, UTF-16 units. */
export const longestQuote = 400;

/**
 * What stands in the quotation that opens at `start`, without its marks. Undefined where it is not closed or where more than one
 * mark may close it: "the users' data" in single quotes.
 */
export function quotationAt(source: string, start: number): TextRange | undefined {
  const mark = source[start];
  const closers = mark === undefined ? undefined : closing[mark];
  if (closers === undefined) return undefined;
  const ends: number[] = [];
  for (let i = start + 1; i < Math.min(source.length, start + 2 + longestQuote); i++) {
    if (source.startsWith('\n\n', i)) break;
    if (closers.includes(source[i]!) && !isApostrophe(source, i)) ends.push(i);
  }
  const end = mark === "'" || mark === '‘' || mark === '‚' ? onlyEnd(source, ends) : ends[0];
  return end === undefined ? undefined : trimmed(source, { start: start + 1, end });
}

/** Between two letters, as in "can't", or where a word would have to end in a space. */
function isApostrophe(source: string, i: number): boolean {
  if (source[i] !== "'" && source[i] !== '’') return false;
  return /[\p{L}\p{N}]/u.test(source[i + 1] ?? '') || /\s/u.test(source[i - 1]!);
}

/** A mark that may also be an apostrophe closes after the end of a sentence, or where there is no other. */
const onlyEnd = (source: string, ends: readonly number[]): number | undefined =>
  ends.find((end) => /[.!?…。]/u.test(source[end - 1]!)) ?? (ends.length === 1 ? ends[0] : undefined);

function trimmed(source: string, { start, end }: TextRange): TextRange | undefined {
  const said = source.slice(start, end);
  const from = start + (said.length - said.trimStart().length);
  const to = end - (said.length - said.trimEnd().length);
  return from < to ? { start: from, end: to } : undefined;
}
