import { utf8At } from './utf8.ts';
import { byteFallbackIds, ordinaryId, type Vocabulary } from './vocabulary.ts';
import type { EncodedWord } from './wordModel.ts';

/** The characters of a word before merging. */
export interface Characters {
  /** Ids of the characters' own pieces; -1 where the vocabulary has none. */
  readonly ids: Int32Array;
  /** Where each character begins in the word, in UTF-16 units, and the word's length. */
  readonly bounds: Int32Array; // [ids.length + 1]
}

export function charactersOf(vocabulary: Vocabulary, word: string): Characters {
  const ids: number[] = [];
  const bounds = [0];
  for (const character of word) {
    ids.push(ordinaryId(vocabulary, character) ?? -1);
    bounds.push(bounds[bounds.length - 1]! + character.length);
  }
  return { ids: Int32Array.from(ids), bounds: Int32Array.from(bounds) };
}

/** What becomes of a character for which the vocabulary has no piece. */
export interface UnknownCharacters {
  /** It becomes its UTF-8 bytes, where the vocabulary has a piece such as `<0x0A>` for each. */
  readonly byteFallback: boolean;
  /** Else it becomes this token; without one it is left out. */
  readonly unknownId: number | undefined;
  /** Neighbours become one unknown token together. */
  readonly fuseUnknown: boolean;
}

/** Spells merged symbols: those without a piece as bytes or as unknown. */
export type Speller = (
  word: string,
  ids: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
) => EncodedWord;

export function createSpeller(
  vocabulary: Vocabulary,
  { byteFallback, unknownId, fuseUnknown }: UnknownCharacters,
): Speller {
  const byteIds = byteFallback ? byteFallbackIds(vocabulary) : undefined;
  return (word, symbols, symbolStarts, symbolEnds) => {
    if (!symbols.includes(-1)) return { ids: symbols, starts: symbolStarts, ends: symbolEnds };
    const ids: number[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    const push = (id: number, start: number, end: number) => {
      ids.push(id);
      starts.push(start);
      ends.push(end);
    };
    symbols.forEach((id, i) => {
      const start = symbolStarts[i]!;
      const end = symbolEnds[i]!;
      const spelled = id >= 0 ? [id] : utf8At(word, start).bytes.map((byte) => byteIds?.[byte] ?? -1);
      if (!spelled.includes(-1)) spelled.forEach((each) => push(each, start, end));
      else if (unknownId === undefined) return;
      else if (fuseUnknown && ids.at(-1) === unknownId && ends.at(-1) === start) ends[ends.length - 1] = end;
      else push(unknownId, start, end);
    });
    return { ids, starts, ends };
  };
}
