import { HoldfastError } from '../../errors.ts';
import {
  metadataNumbers,
  metadataString,
  metadataStrings,
  requiredMetadata,
  type GgufMetadata,
} from '../weights/ggufMetadata.ts';
import { createByteLevelBpe } from './byteLevelBpe.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * The tokenizer that a GGUF file carries.
 * @throws HoldfastError `model-format` when a key is missing or of the wrong type, `unsupported-model` for a tokenizer that is
 *   not a byte-level BPE or that splits words by rules not known here.
 */
export function tokenizerFromGguf(metadata: GgufMetadata['metadata']): Tokenizer {
  const gguf: GgufMetadata = { path: 'The model file', metadata };
  const model = requiredMetadata(metadataString, gguf, 'tokenizer.ggml.model');
  if (model !== 'gpt2') {
    throw new HoldfastError(
      'unsupported-model',
      `The model's tokenizer is of the kind "${model}"; only byte-level BPE ("gpt2") is supported.`,
      'Use a model with a byte-level BPE tokenizer, such as SmolLM2, Llama 3, Qwen 2 or Qwen 3.',
    );
  }
  return createByteLevelBpe({
    pre: requiredMetadata(metadataString, gguf, 'tokenizer.ggml.pre'),
    tokens: requiredMetadata(metadataStrings, gguf, 'tokenizer.ggml.tokens'),
    merges: requiredMetadata(metadataStrings, gguf, 'tokenizer.ggml.merges'),
    tokenTypes: requiredMetadata(metadataNumbers, gguf, 'tokenizer.ggml.token_type'),
  });
}
