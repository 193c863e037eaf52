import { charactersOf, createSpeller, type UnknownCharacters } from './characters.ts';
import { MergeTable, type Merge } from './mergeTable.ts';
import { ordinaryId, type Vocabulary } from './vocabulary.ts';
import { cached, type EncodedWord, type WordModel } from './wordModel.ts';

export interface CharacterWordsSource extends UnknownCharacters {
  readonly vocabulary: Vocabulary;
  /** Most important first. */
  readonly merges: readonly Merge[];
  /** A word that is in the vocabulary as a whole is taken without merging. */
  readonly wholeWords: boolean;
}

/**
 * Byte-pair encoding over characters (Sennrich et al. 2016), as `tokenizer.json` describes SentencePiece vocabularies.
 * @throws HoldfastError `model-format` for a merge over unknown pieces.
 */
export function createCharacterWords({ vocabulary, merges, wholeWords, ...unknown }: CharacterWordsSource): WordModel {
  const table = new MergeTable(merges, vocabulary.ids, (id) => vocabulary.isSpecial(id));
  const spell = createSpeller(vocabulary, unknown);
  const encode = (word: string): EncodedWord => {
    if (wholeWords) {
      const whole = ordinaryId(vocabulary, word);
      if (whole !== undefined) return { ids: [whole], starts: [0], ends: [word.length] };
    }
    const { ids: symbols, bounds } = charactersOf(vocabulary, word);
    const { ids, ends } = table.merge(symbols);
    const starts = ends.map((_, i) => bounds[i === 0 ? 0 : ends[i - 1]!]!);
    return spell(
      word,
      ids,
      starts,
      ends.map((end) => bounds[end]!),
    );
  };
  return cached({ encode });
}
