import { charOfByte } from './byteLevelAlphabet.ts';
import { MergeTable, type Merge } from './mergeTable.ts';
import { utf8At } from './utf8.ts';
import { ordinaryId, type Vocabulary } from './vocabulary.ts';
import { cached, type EncodedWord, type WordModel } from './wordModel.ts';

export interface ByteWordsSource {
  /** Pieces in the byte-level alphabet. */
  readonly vocabulary: Vocabulary;
  /** Most important first. */
  readonly merges: readonly Merge[];
  /** A word that is in the vocabulary as a whole is taken without merging. */
  readonly wholeWords: boolean;
}

/**
 * Byte-pair encoding over bytes (GPT-2 and its descendants).
 *
 * A byte for which the vocabulary has no token is left out, as llama.cpp does: the alternative, the unknown token, is
 * `<|endoftext|>` in the models concerned, and a prompt's text must not turn into a control token.
 *
 * @throws HoldfastError `model-format` for a merge over unknown pieces.
 */
export function createByteWords({ vocabulary, merges, wholeWords }: ByteWordsSource): WordModel {
  const byteIds = Int32Array.from(charOfByte, (char) => ordinaryId(vocabulary, char) ?? -1);
  const table = new MergeTable(merges, vocabulary.ids, (id) => vocabulary.isSpecial(id));

  const encode = (word: string): EncodedWord => {
    const { bytes, starts: byteStarts, ends: byteEnds } = utf8WithOffsets(word);
    if (wholeWords) {
      const whole = ordinaryId(vocabulary, bytes.map((byte) => charOfByte[byte]!).join(''));
      if (whole !== undefined) return { ids: [whole], starts: [0], ends: [word.length] };
    }
    const merged = table.merge(Int32Array.from(bytes, (byte) => byteIds[byte]!));
    const ids: number[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    let firstByte = 0;
    merged.ids.forEach((id, i) => {
      const endByte = merged.ends[i]!;
      if (id >= 0) {
        ids.push(id);
        starts.push(byteStarts[firstByte]!);
        ends.push(byteEnds[endByte - 1]!);
      }
      firstByte = endByte;
    });
    return { ids, starts, ends };
  };
  return cached({ encode });
}

/** UTF-8 bytes of a word, and for each byte the UTF-16 range of its character. */
function utf8WithOffsets(word: string): { bytes: number[]; starts: number[]; ends: number[] } {
  const bytes: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  for (let start = 0; start < word.length;) {
    const character = utf8At(word, start);
    for (const byte of character.bytes) {
      bytes.push(byte);
      starts.push(start);
      ends.push(character.end);
    }
    start = character.end;
  }
  return { bytes, starts, ends };
}
