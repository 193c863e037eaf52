import { splitWords } from './pythonText.ts';

/**
 * Words as the Penn Treebank convention cuts them: punctuation and clitics ("N'T", "'S") stand alone, a hyphenated word is
 * one. A full stop inside the text stays with its word, which matters to no check of capitals.
 * https://catalog.ldc.upenn.edu/docs/LDC95T7/cl93.html
 */
const cuts: readonly (readonly [RegExp, string])[] = [
  [/([«“‘„]|`+)/gu, ' $1 '],
  [/(?<!\p{L})'(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=[\p{L}\p{N}_])/giu, "' "],
  [/([:,])(?=\D)/gu, ' $1 '],
  [/[:,]$/gu, ' $& '],
  [/\.{2,}/gu, ' $& '],
  [/[;@#$%&]/gu, ' $& '],
  [/[?!*]/gu, ' $& '],
  [/[\][(){}<>]/gu, ' $& '],
  [/--/gu, ' -- '],
  [/[»”’]/gu, ' $& '],
  [/''|"/gu, " '' "],
  [/\s+|$/gu, ' '],
  [/([^' ])('[sS]|'[mM]|'[dD]|') /gu, '$1 $2 '],
  [/([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) /gu, '$1 $2 '],
  [/\b(can)(not)\b/giu, '$1 $2'],
  [/\b(gim|lem)(me)\b/giu, '$1 $2'],
  [/\b(gon|wan)(na)(?= )/giu, '$1 $2'],
  [/\b(got)(ta)\b/giu, '$1 $2'],
  [/ ('t)(is|was)\b/giu, ' $1 $2'],
];

export function wordTokens(text: string): string[] {
  return splitWords(cuts.reduce((cut, [pattern, pieces]) => cut.replace(pattern, pieces), text));
}
