import { z } from 'zod';
import { readModelFile, readModelJson, tokenizerConfig } from '../tokenizer/modelFolder.ts';
import { metadataNumber, metadataString, metadataStrings, type GgufMetadata } from '../weights/ggufMetadata.ts';
import { createChatTemplate, type ChatTemplate } from './chatTemplate.ts';
import { templateFailure } from './failure.ts';

const noTemplate = 'The model has no chat template, so it is not known how it marks a system prompt.';

/** @throws HoldfastError `chat-template` when the file has no template or one that cannot be parsed. */
export function chatTemplateFromGguf(metadata: GgufMetadata['metadata']): ChatTemplate {
  const gguf: GgufMetadata = { path: 'The model file', metadata };
  const source = metadataString(gguf, 'tokenizer.chat_template');
  if (source === undefined) throw templateFailure(noTemplate);
  const tokens = metadataStrings(gguf, 'tokenizer.ggml.tokens') ?? [];
  const pieceAt = (key: string) => tokens[metadataNumber(gguf, key) ?? -1] ?? '';
  return createChatTemplate({
    source,
    bosToken: pieceAt('tokenizer.ggml.bos_token_id'),
    eosToken: pieceAt('tokenizer.ggml.eos_token_id'),
  });
}

const templateFile = z.looseObject({ chat_template: z.string() });

/**
 * The chat template of a Hugging Face model folder: `chat_template.jinja`, else `chat_template.json`, else the one in
 * `tokenizer_config.json`, of several the one named "default".
 * @throws HoldfastError `chat-template` when there is none or it cannot be parsed, `model-format` for a damaged file.
 */
export function chatTemplateFromFolder(folder: string): ChatTemplate {
  const config = readModelJson(folder, 'tokenizer_config.json', tokenizerConfig);
  const configured = config?.chat_template;
  const source =
    readModelFile(folder, 'chat_template.jinja')?.toString('utf8') ??
    readModelJson(folder, 'chat_template.json', templateFile)?.chat_template ??
    (Array.isArray(configured) ? configured.find(({ name }) => name === 'default')?.template : configured);
  if (source === undefined || source === null) throw templateFailure(noTemplate);
  return createChatTemplate({ source, bosToken: config?.bos_token ?? '', eosToken: config?.eos_token ?? '' });
}
