/**
 * Text functions of Python's `str` and `re`, whose meanings the reference checks rest on: they differ from JavaScript's in
 * what is white space, a word character and the end of a line.
 */

/** White space of `str.strip`, `str.split` and `\s`. */
export const space = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';

/** `\w`: letters, numbers and the underscore, not combining marks. */
export const wordCharacter = '[\\p{L}\\p{N}_]';

/** `\b`. */
export const wordBoundary = `(?:(?<=${wordCharacter})(?!${wordCharacter})|(?<!${wordCharacter})(?=${wordCharacter}))`;

/** `^` and `$` with `re.MULTILINE`: lines end at `\n` alone. */
export const lineStart = '(?<![^\\n])';
export const lineEnd = '(?![^\\n])';

const outerSpace = new RegExp(`^${space}+|${space}+$`, 'gu');
const anySpace = new RegExp(`${space}+`, 'u');

export const strip = (text: string): string => text.replace(outerSpace, '');

export const isBlank = (text: string): boolean => strip(text) === '';

/** `str.split()`: the pieces between white space. */
export const splitWords = (text: string): string[] => text.split(anySpace).filter((piece) => piece !== '');

/** `str.lstrip(characters)`. */
export function stripStart(text: string, characters: string): string {
  let start = 0;
  while (start < text.length && characters.includes(text[start]!)) start++;
  return text.slice(start);
}

/** `str.rstrip(characters)`. */
export function stripEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** `str.isupper`: at least one cased character, and none that is not upper-case. */
export const isUpper = (text: string): boolean => /\p{Uppercase}/u.test(text) && !/[\p{Lowercase}\p{Lt}]/u.test(text);

/** `str.islower`. */
export const isLower = (text: string): boolean => /\p{Lowercase}/u.test(text) && !/[\p{Uppercase}\p{Lt}]/u.test(text);

/** A text as a pattern that matches it. */
export const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** Hits of a pattern that do not overlap. */
export const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
