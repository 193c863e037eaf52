/** One word's tokens, and which UTF-16 units of the word each of them covers. */
export interface EncodedWord {
  readonly ids: readonly number[];
  /** Parts of one character all carry the whole character's range. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Turns a word (what pre-tokenizers leave uncut) into tokens. Words are well-formed UTF-16. */
export interface WordModel {
  encode(word: string): EncodedWord;
}

/** Bounds of the cache of encoded words: prompts repeat few short words, and long ones hardly come back. */
const cachedWords = 1 << 15;
const cachedWordLength = 48;

/** The same model, which remembers short words. */
export function cached(model: WordModel): WordModel {
  const words = new Map<string, EncodedWord>();
  return {
    encode(word) {
      if (word.length > cachedWordLength) return model.encode(word);
      let encoded = words.get(word);
      if (encoded === undefined) {
        encoded = model.encode(word);
        if (words.size >= cachedWords) words.clear();
        words.set(word, encoded);
      }
      return encoded;
    },
  };
}
