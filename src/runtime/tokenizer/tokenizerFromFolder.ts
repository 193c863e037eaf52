import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import { readModelFile, readModelJson, tokenizerConfig } from './modelFolder.ts';
import { createSentencePiece } from './sentencePiece.ts';
import { readSentencePieceModel } from './sentencePieceModel.ts';
import type { Tokenizer } from './tokenizer.ts';
import { readTokenizerJson } from './tokenizerJson/readTokenizerJson.ts';

/**
 * The tokenizer of a Hugging Face model folder: its `tokenizer.json`, else its SentencePiece `tokenizer.model`.
 * @throws HoldfastError `model-format` when neither is there or a file is damaged, `unsupported-model` naming what cannot be
 *   done exactly.
 */
export function tokenizerFromFolder(folder: string): Tokenizer {
  const config = readModelJson(folder, 'tokenizer_config.json', tokenizerConfig);
  const json = readModelJson(folder, 'tokenizer.json', z.unknown());
  if (json !== undefined) {
    const tokenizer = readTokenizerJson(json);
    // The flag, where a configuration has it, overrides the file's own post-processor.
    if (config?.add_bos_token === false) return withBos(tokenizer, undefined);
    return config?.add_bos_token === true ? withBos(tokenizer, tokenizer.bos ?? config.bos_token) : tokenizer;
  }
  const model = readModelFile(folder, 'tokenizer.model');
  if (model !== undefined) {
    const bos = config?.add_bos_token === false ? undefined : config?.bos_token;
    return createSentencePiece({ ...readSentencePieceModel(model), bos });
  }
  throw new HoldfastError(
    'model-format',
    `${folder} has neither a tokenizer.json nor a tokenizer.model.`,
    'Download the whole repository of the model; one that has vocab.json and merges.txt only, or tekken.json, has to be converted to GGUF.',
  );
}

const withBos = (tokenizer: Tokenizer, bos: string | undefined): Tokenizer => ({
  vocabSize: tokenizer.vocabSize,
  bos,
  encode: (text, options) => tokenizer.encode(text, options),
  decode: (ids, options) => tokenizer.decode(ids, options),
  idOf: (piece) => tokenizer.idOf(piece),
  isSpecial: (id) => tokenizer.isSpecial(id),
});
