import { charOfByte } from '../../src/runtime/tokenizer/byteLevelAlphabet.ts';
import type { ByteLevelBpeSource } from '../../src/runtime/tokenizer/byteLevelBpe.ts';

/** Bytes for which the small vocabulary has no token: U+0004, and the first byte of characters beyond U+3FFFF. */
export const bytesWithoutToken: readonly number[] = [0x04, 0xf1];

const merges = [
  'h e',
  'l l',
  'he ll',
  'hell o',
  'Ġ w',
  'Ġw o',
  'r l',
  'rl d',
  'Ġwo rld',
  'Ġ Ġ',
  'Ã ¶',
  'ð Ł',
  'a a',
  'a aa',
];
const specials = ['<|im_start|>', '<|im_end|>', '<|im_end|>!'];

/** A small byte-level vocabulary: control tokens 0-2, a run of spaces as added token 3, bytes, then merges. */
export function smallVocabulary(overrides: Partial<ByteLevelBpeSource> = {}): ByteLevelBpeSource {
  const bytes = charOfByte.filter((_, byte) => !bytesWithoutToken.includes(byte));
  const merged = [...merges.map((merge) => merge.replace(' ', '')), 'aa'].filter(
    (piece, i, all) => all.indexOf(piece) === i,
  );
  const tokens = [...specials, '   ', ...bytes, ...merged];
  const tokenTypes = tokens.map((_, id) => (id < specials.length ? 3 : id === specials.length ? 4 : 1));
  return { tokens, merges, tokenTypes, pre: 'smollm', ...overrides };
}
