import { z } from 'zod';
import { readModelJson, tokenizerConfig } from '../tokenizer/modelFolder.ts';
import { endOfGenerationPieces } from '../tokenizer/stopTokens.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { metadataNumber, type GgufMetadata } from '../weights/ggufMetadata.ts';
import type { ChatTemplate } from './chatTemplate.ts';
import { templateFailure } from './failure.ts';
import { locate } from './locate.ts';

/** Ids that a GGUF file names as ends: of the sequence, of a turn, of a message. */
export function stopIdsFromGguf(metadata: GgufMetadata['metadata']): number[] {
  const gguf: GgufMetadata = { path: 'The model file', metadata };
  return ['eos', 'eot', 'eom']
    .map((name) => metadataNumber(gguf, `tokenizer.ggml.${name}_token_id`))
    .filter((id) => id !== undefined);
}

const endIds = z
  .union([z.int(), z.array(z.int())])
  .nullish()
  .transform((ids) => (typeof ids === 'number' ? [ids] : (ids ?? [])));
const endConfig = z.looseObject({
  eos_token_id: endIds,
  text_config: z.looseObject({ eos_token_id: endIds }).optional(), // models that also see images
});

/**
 * Ids that the files of a Hugging Face folder name as ends of an answer.
 * @throws HoldfastError `model-format` for a damaged file.
 */
export function stopIdsFromFolder(folder: string, tokenizer: Tokenizer): number[] {
  const generation = readModelJson(folder, 'generation_config.json', endConfig);
  const config = readModelJson(folder, 'config.json', endConfig);
  const eos = readModelJson(folder, 'tokenizer_config.json', tokenizerConfig)?.eos_token;
  const eosId = eos === undefined ? undefined : tokenizer.idOf(eos);
  return [
    ...(generation?.eos_token_id ?? []),
    ...(config?.eos_token_id ?? []),
    ...(config?.text_config?.eos_token_id ?? []),
    ...(eosId === undefined ? [] : [eosId]),
  ];
}

/**
 * Every token that ends an answer: the first control token that the template writes after an assistant message, those that the
 * model's files name, and the vocabulary's control tokens that are known to end answers.
 * @param named ids from `stopIdsFromGguf` or `stopIdsFromFolder`.
 * @throws HoldfastError `chat-template` when there is none.
 */
export function findStopIds(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  named: readonly number[],
): ReadonlySet<number> {
  const known = [...endOfGenerationPieces].map((piece) => tokenizer.idOf(piece));
  const stops = new Set(
    [
      controlTokenAfterAnswer(template, tokenizer),
      ...named,
      ...known.filter((id) => id !== undefined && tokenizer.isSpecial(id)),
    ].filter((id) => id !== undefined),
  );
  if (stops.size === 0) {
    throw templateFailure('Neither the chat template nor the model file says which token ends an answer.');
  }
  return stops;
}

function controlTokenAfterAnswer(template: ChatTemplate, tokenizer: Tokenizer): number | undefined {
  const located = locate(
    template,
    ['Hello', 'Good morning'],
    ([user, answer]) => [
      { role: 'user', content: user! },
      { role: 'assistant', content: answer! },
    ],
    { addGenerationPrompt: false },
  );
  if (located.kind !== 'found') return undefined; // a template may do without such a conversation
  return tokenizer.encode(located.text.slice(located.places[1]!.end)).ids.find((id) => tokenizer.isSpecial(id));
}
