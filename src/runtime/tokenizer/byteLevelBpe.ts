import { byteLevelBytes } from './byteLevelAlphabet.ts';
import { createByteWords } from './byteWords.ts';
import { ggufVocabulary, type GgufVocabularySource } from './ggufVocabulary.ts';
import { createPipelineTokenizer } from './pipelineTokenizer.ts';
import { splittingRules } from './preTokenizers.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A byte-level BPE as a model file describes it; pieces are in the byte-level alphabet. */
export interface ByteLevelBpeSource extends GgufVocabularySource {
  /** `left right`, most important first. */
  readonly merges: readonly string[];
  /** Name of the pre-tokenizer (`preTokenizerNames`). */
  readonly pre: string;
  /** Written in front of a conversation whose template does not write it. */
  readonly bos?: string | undefined;
}

/**
 * Byte-level BPE (GPT-2 and its descendants) from the metadata of a GGUF file.
 *
 * A byte for which the vocabulary has no token is left out. Offsets still cover the text: a character that left no token
 * belongs to the token before it, else to the one after it. A lone surrogate is read as U+FFFD, as when it is written to a file.
 *
 * Throws `unsupported-model` for an unknown pre-tokenizer and `model-format` for data that do not fit together.
 */
export function createByteLevelBpe(source: ByteLevelBpeSource): Tokenizer {
  const { vocabulary, added } = ggufVocabulary(source);
  const { preTokenizer, wholeWords } = splittingRules(source.pre);
  return createPipelineTokenizer({
    vocabulary,
    added,
    preTokenizer,
    words: createByteWords({ vocabulary, merges: source.merges, wholeWords }),
    bytesOf: byteLevelBytes,
    addedAreLiteral: true,
    ...(source.bos === undefined ? {} : { bos: source.bos }),
  });
}
