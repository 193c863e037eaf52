import { AlignedTextBuilder, type AlignedText } from './alignedText.ts';

/** Changes a text before it is cut into words, and keeps track of where every character came from. */
export type Normalizer = (text: AlignedText) => AlignedText;

export const prepend =
  (content: string): Normalizer =>
  (text) =>
    text.prepend(content);

/** Puts `content` in place of what `pattern` matches, which is global and matches nothing empty. */
export const replace =
  (pattern: RegExp, content: string): Normalizer =>
  (text) => {
    const changed = new AlignedTextBuilder(text);
    let found = false;
    for (const { index, 0: match } of text.text.matchAll(pattern)) {
      changed.replace(index, index + match.length, content);
      found = true;
    }
    return found ? changed.build() : text;
  };

export const sequence =
  (normalizers: readonly Normalizer[]): Normalizer =>
  (text) =>
    normalizers.reduce((changed, normalizer) => normalizer(changed), text);

/**
 * Stretches that canonical composition changes independently of each other: a character with its marks, or with the vowel and
 * final consonant of a Hangul syllable (Unicode Standard Annex 15; the letters U+16D63 to U+16D6A compose as well).
 */
const joining = String.raw`\p{M}\u1161-\u1175\u11a8-\u11c2\u{16d63}-\u{16d6a}`;
const composable = new RegExp(`[^${joining}]?[${joining}]+|[^\\p{ASCII}]`, 'gu');

/** Canonical composition. What it makes of a stretch carries the range of that stretch. */
export const nfc: Normalizer = (text) => {
  if (text.text.normalize('NFC') === text.text) return text;
  const changed = new AlignedTextBuilder(text);
  for (const { index, 0: stretch } of text.text.matchAll(composable)) {
    const composed = stretch.normalize('NFC');
    if (composed !== stretch) changed.replace(index, index + stretch.length, composed);
  }
  return changed.build();
};
