const units =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'.split(
    ' ',
  );
const tens = 'thirty forty fifty sixty seventy eighty ninety'.split(' ');
const ordinals = 'first second third fourth fifth sixth seventh eighth ninth tenth'.split(' ');

const values: ReadonlyMap<string, number> = new Map([
  ...units.map((word, value) => [word, value] as const),
  ...tens.map((word, index) => [word, 30 + 10 * index] as const),
  ['a hundred', 100],
  ['one hundred', 100],
  ['hundred', 100],
  ['a thousand', 1000],
  ['one thousand', 1000],
  ['a single', 1],
  ['single', 1],
  ['a', 1],
  ['an', 1],
]);

const words = [...values.keys()].filter((word) => !['a', 'an', 'hundred'].includes(word));

/** A number as a pattern without groups: digits with thousands commas, or a word. */
export const numberPattern = `(?:\\d{1,3}(?:,\\d{3})+|\\d+|\\b(?:${words.toSorted((a, b) => b.length - a.length).join('|')})\\b)`;

/** An ordinal as a pattern without groups; `last` and `final` count from the end. */
export const ordinalPattern = `(?:${ordinals.join('|')}|last|final|\\d+(?:st|nd|rd|th))`;

export function numberOf(text: string): number {
  const known = values.get(text.toLowerCase().replace(/\s+/g, ' '));
  return known ?? Number.parseInt(text.replaceAll(',', ''), 10);
}

/** The place of an ordinal, from 1; undefined for the last one. */
export function placeOf(text: string): number | undefined {
  const index = ordinals.indexOf(text.toLowerCase());
  if (index >= 0) return index + 1;
  const digits = Number.parseInt(text, 10);
  return Number.isNaN(digits) ? undefined : digits;
}
