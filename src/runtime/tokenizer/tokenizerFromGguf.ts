import { HoldfastError } from '../../errors.ts';
import {
  metadataBoolean,
  metadataNumber,
  metadataNumbers,
  metadataString,
  metadataStrings,
  requiredMetadata,
  type GgufMetadata,
} from '../weights/ggufMetadata.ts';
import { createByteLevelBpe } from './byteLevelBpe.ts';
import { splittingRules } from './preTokenizers.ts';
import { createSentencePiece } from './sentencePiece.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * The tokenizer that a GGUF file carries.
 * @throws HoldfastError `model-format` when a key is missing or of the wrong type, `unsupported-model` for a tokenizer that is
 *   neither a byte-level BPE nor a SentencePiece BPE, or that splits words by rules not known here.
 */
export function tokenizerFromGguf(metadata: GgufMetadata['metadata']): Tokenizer {
  const gguf: GgufMetadata = { path: 'The model file', metadata };
  const model = requiredMetadata(metadataString, gguf, 'tokenizer.ggml.model');
  switch (model) {
    case 'gpt2':
      return byteLevelBpe(gguf);
    case 'llama':
      return sentencePiece(gguf);
    default:
      throw new HoldfastError(
        'unsupported-model',
        `The model's tokenizer is of the kind "${model}"; byte-level BPE ("gpt2") and SentencePiece BPE ("llama") are supported.`,
        'Use a model with one of these, such as SmolLM2, Llama, Mistral, Qwen, Phi or Gemma 2 and 3.',
      );
  }
}

function byteLevelBpe(gguf: GgufMetadata): Tokenizer {
  const pre = requiredMetadata(metadataString, gguf, 'tokenizer.ggml.pre');
  return createByteLevelBpe({
    ...vocabularyOf(gguf),
    pre,
    merges: requiredMetadata(metadataStrings, gguf, 'tokenizer.ggml.merges'),
    bos: bosOf(gguf, splittingRules(pre).addsBos),
  });
}

/** Phi-3 was trained with control tokens that take up the line end after them; GGUF has no key for that. */
const phi3KeepsSpaceAfter = new Set(['<unk>', '<s>', '<|endoftext|>']);

function sentencePiece(gguf: GgufMetadata): Tokenizer {
  const isPhi3 = metadataString(gguf, 'general.architecture') === 'phi3';
  return createSentencePiece({
    ...vocabularyOf(gguf),
    scores: requiredMetadata(metadataNumbers, gguf, 'tokenizer.ggml.scores'),
    addSpacePrefix: metadataBoolean(gguf, 'tokenizer.ggml.add_space_prefix') ?? true,
    byteFallback: true,
    unknownId: metadataNumber(gguf, 'tokenizer.ggml.unknown_token_id'),
    bos: bosOf(gguf, true),
    ...(isPhi3 ? { stripAfterAddedExcept: phi3KeepsSpaceAfter } : {}),
  });
}

const vocabularyOf = (gguf: GgufMetadata) => ({
  tokens: requiredMetadata(metadataStrings, gguf, 'tokenizer.ggml.tokens'),
  tokenTypes: requiredMetadata(metadataNumbers, gguf, 'tokenizer.ggml.token_type'),
});

/**
 * The piece with which a text begins; undefined when it begins without. A key `add_eos_token` has no counterpart: an end token
 * after a prompt would end the conversation before the answer.
 */
function bosOf(gguf: GgufMetadata, byDefault: boolean): string | undefined {
  const adds = metadataBoolean(gguf, 'tokenizer.ggml.add_bos_token') ?? byDefault;
  const id = metadataNumber(gguf, 'tokenizer.ggml.bos_token_id');
  if (!adds || id === undefined) return undefined;
  return metadataStrings(gguf, 'tokenizer.ggml.tokens')?.[id];
}
