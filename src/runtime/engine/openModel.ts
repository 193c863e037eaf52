import { statSync } from 'node:fs';
import { HoldfastError } from '../../errors.ts';
import {
  chatTemplateFromFolder,
  chatTemplateFromGguf,
  findStopIds,
  stopIdsFromFolder,
  stopIdsFromGguf,
  type ChatTemplate,
} from '../chatTemplate/index.ts';
import { configFromGguf } from '../graph/ggufConfig.ts';
import { configFromHuggingFace } from '../graph/huggingFaceConfig.ts';
import type { ModelConfig } from '../graph/modelConfig.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { tokenizerFromFolder } from '../tokenizer/tokenizerFromFolder.ts';
import { tokenizerFromGguf } from '../tokenizer/tokenizerFromGguf.ts';
import { openGguf } from '../weights/gguf.ts';
import { openSafetensors } from '../weights/safetensors.ts';
import type { WeightSource } from '../weights/weightSource.ts';

/** All that a model's files say. Owns file descriptors: close `source`. */
export interface ModelParts {
  readonly source: WeightSource;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  readonly stopIds: ReadonlySet<number>;
}

/**
 * Opens a GGUF file (of a split one any part) or a folder in Hugging Face layout. Weights are not read yet.
 * @throws HoldfastError `model-format` for damaged files, `unsupported-model` for what is not run, `chat-template`.
 */
export function openModel(path: string): ModelParts {
  const parts = statSync(path).isDirectory() ? openFolder(path) : openFile(path);
  const { tokenizer, config, source } = parts;
  if (tokenizer.vocabSize > config.vocabSize) {
    source.close();
    throw new HoldfastError(
      'model-format',
      `${path}: the tokenizer has ${tokenizer.vocabSize} tokens, the embedding only ${config.vocabSize} rows.`,
      'Tokenizer and weights are of different models: use a complete conversion of one.',
    );
  }
  return parts;
}

function openFile(path: string): ModelParts {
  const source = openGguf(path);
  return closedOnError(source, () => {
    const config = configFromGguf(source);
    const tokenizer = tokenizerFromGguf(source.metadata);
    const template = chatTemplateFromGguf(source.metadata);
    const stopIds = findStopIds(template, tokenizer, stopIdsFromGguf(source.metadata));
    return { source, config, tokenizer, template, stopIds };
  });
}

function openFolder(folder: string): ModelParts {
  const config = configFromHuggingFace(folder);
  const source = openSafetensors(folder);
  return closedOnError(source, () => {
    const tokenizer = tokenizerFromFolder(folder);
    const template = chatTemplateFromFolder(folder);
    const stopIds = findStopIds(template, tokenizer, stopIdsFromFolder(folder, tokenizer));
    return { source, config, tokenizer, template, stopIds };
  });
}

function closedOnError<T>(source: WeightSource, read: () => T): T {
  try {
    return read();
  } catch (error) {
    source.close();
    throw error;
  }
}
