import { HoldfastError } from '../../errors.ts';
import { charactersOf, createSpeller, type UnknownCharacters } from './characters.ts';
import { mergeSymbols } from './mergeSymbols.ts';
import { fallbackByte, type Vocabulary } from './vocabulary.ts';
import type { WordModel } from './wordModel.ts';

export interface ScoredPiecesSource extends UnknownCharacters {
  readonly vocabulary: Vocabulary;
  /** One per id: of two merges, the one that makes the higher-scored piece goes first. */
  readonly scores: ArrayLike<number>;
}

/**
 * SentencePiece's byte-pair encoding (Kudo & Richardson 2018): two neighbours merge if together they are a piece, the highest
 * score first, the leftmost among equals. A whole text is one word, so pieces may hold spaces; time is n log n.
 *
 * @throws HoldfastError `model-format` when scores are missing or are not numbers.
 */
export function createScoredPieces({ vocabulary, scores, ...unknown }: ScoredPiecesSource): WordModel {
  const spell = createSpeller(vocabulary, unknown);
  const ranks = ranksOf(scores, vocabulary.pieces.length);
  let longest = 0;
  const reserved = new Uint8Array(vocabulary.pieces.length); // text that spells the name of a byte (`<0x0A>`) stays text
  for (const [piece, id] of vocabulary.ids) {
    longest = Math.max(longest, piece.length);
    if (vocabulary.isSpecial(id) || fallbackByte(piece) !== undefined) reserved[id] = 1;
  }

  return {
    encode(word) {
      const { ids, bounds } = charactersOf(vocabulary, word);
      const found = new Int32Array(ids.length); // [left]: what the pair that starts there merges into
      const ends = mergeSymbols(ids.length, {
        rank: (left, _right, end) => {
          const from = bounds[left]!;
          const to = bounds[end]!;
          const id = to - from > longest ? undefined : vocabulary.ids.get(word.slice(from, to));
          if (id === undefined || reserved[id] === 1) return -1;
          found[left] = id;
          return ranks[id]!;
        },
        merged: (left) => {
          ids[left] = found[left]!;
        },
      });
      const firsts = ends.map((_, i) => (i === 0 ? 0 : ends[i - 1]!));
      return spell(
        word,
        firsts.map((first) => ids[first]!),
        firsts.map((first) => bounds[first]!),
        ends.map((end) => bounds[end]!),
      );
    },
  };
}

/** Rank of each score, 0 for the highest; equal scores have equal ranks. */
function ranksOf(scores: ArrayLike<number>, count: number): Int32Array {
  const values = Float64Array.from(scores);
  if (values.length !== count || values.some(Number.isNaN)) {
    throw new HoldfastError(
      'model-format',
      `The model's tokenizer has ${count} tokens but ${values.filter((value) => !Number.isNaN(value)).length} scores.`,
      'The model file is damaged: download it again or use another conversion.',
    );
  }
  const ids = Int32Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b);
  const ranks = new Int32Array(count);
  let rank = 0;
  ids.forEach((id, i) => {
    if (i > 0 && values[id] !== values[ids[i - 1]!]) rank = i;
    ranks[id] = rank;
  });
  return ranks;
}
