import type { TextRange } from '../prompt.ts';

/** The range without white space at its ends. */
export function trim(text: string, { start, end }: TextRange): TextRange {
  let first = start;
  let last = end;
  while (first < last && /\s/.test(text[first]!)) first++;
  while (last > first && /\s/.test(text[last - 1]!)) last--;
  return { start: first, end: last };
}
