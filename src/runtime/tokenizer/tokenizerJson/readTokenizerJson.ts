import { z } from 'zod';
import type { AddedToken } from '../addedTokens.ts';
import { createByteWords } from '../byteWords.ts';
import { createCharacterWords } from '../characterWords.ts';
import type { Merge } from '../mergeTable.ts';
import { createPipelineTokenizer } from '../pipelineTokenizer.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { component, damaged, unsupported, type Component } from './component.ts';
import { readDecoder } from './decoder.ts';
import { readNormalizer } from './normalizer.ts';
import { readPreTokenizer } from './preTokenizer.ts';

const addedToken = z.looseObject({
  id: z.int().min(0),
  content: z.string(),
  special: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  single_word: z.boolean().default(false),
  normalized: z.boolean().optional(),
});

// Half a million elements one by one through a schema would take longer than building the tokenizer.
const vocabularyEntries = z.custom<Readonly<Record<string, number>>>(
  (value) => isRecord(value) && Object.values(value).every((id) => Number.isInteger(id) && (id as number) >= 0),
  'a vocabulary must give each piece an id',
);
const mergeList = z.custom<readonly Merge[]>(
  (value) => Array.isArray(value) && value.every(isMerge),
  'merges must be texts or pairs of texts',
);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isMerge = (value: unknown): boolean =>
  typeof value === 'string' ||
  (Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'string');

/** Files write null for what is absent. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

const bpe = z.looseObject({
  type: z.literal('BPE').optional(), // files of early versions leave it out
  vocab: vocabularyEntries,
  merges: mergeList,
  unk_token: optional(z.string()),
  dropout: optional(z.number()),
  continuing_subword_prefix: optional(z.string()),
  end_of_word_suffix: optional(z.string()),
  fuse_unk: z.boolean().default(false),
  byte_fallback: z.boolean().default(false),
  ignore_merges: z.boolean().default(false),
});

const document = z.looseObject({
  added_tokens: z.array(addedToken).default([]),
  normalizer: optional(component),
  pre_tokenizer: optional(component),
  post_processor: optional(component),
  decoder: optional(component),
  model: z.looseObject({ type: z.string().optional() }),
});

/** Ids beyond this are not a vocabulary but a damaged file; the largest known ones have 262,208. */
const maxId = 5_000_000;

/**
 * The tokenizer that a `tokenizer.json` of Hugging Face's tokenizers describes: a byte-pair encoding over bytes or characters.
 * A piece that is a control token is never made of ordinary text, and offsets are those of our own definition
 * (`Encoding`): `trim_offsets` has no effect.
 * @param json the parsed file.
 * @throws HoldfastError `model-format` for a damaged file, `unsupported-model` naming what cannot be done exactly.
 */
export function readTokenizerJson(json: unknown): Tokenizer {
  const file = parse(document, json);
  const type = file.model.type ?? 'BPE';
  if (type !== 'BPE') throw unsupported(`is of the kind "${type}", not "BPE"`);
  const model = parse(bpe, file.model);
  for (const option of ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout'] as const) {
    if (model[option]) throw unsupported(`sets ${option}`);
  }

  const vocabulary = vocabularyOf(model.vocab, file.added_tokens);
  const preTokenizer = file.pre_tokenizer && readPreTokenizer(file.pre_tokenizer);
  const byteLevel = preTokenizer?.byteLevel ?? false;
  const { merges, ignore_merges: wholeWords } = model;
  const unknownId = model.unk_token === undefined ? undefined : vocabulary.ids.get(model.unk_token);
  if (model.unk_token !== undefined && unknownId === undefined)
    throw damaged(`its unknown token "${model.unk_token}" is no piece`);
  const bos = file.post_processor && leadingToken(file.post_processor);
  const decoder = readDecoder(file.decoder ?? null);
  return createPipelineTokenizer({
    vocabulary,
    added: file.added_tokens.filter((token) => !isNormalized(token)).map(toAdded),
    addedNormalised: file.added_tokens.filter(isNormalized).map(toAdded),
    ...(file.normalizer === undefined ? {} : { normalizer: readNormalizer(file.normalizer) }),
    ...(preTokenizer === undefined ? {} : { preTokenizer: preTokenizer.split }),
    words: byteLevel
      ? createByteWords({ vocabulary, merges, wholeWords })
      : createCharacterWords({
          vocabulary,
          merges,
          wholeWords,
          byteFallback: model.byte_fallback,
          unknownId,
          fuseUnknown: model.fuse_unk,
        }),
    ...decoder,
    ...(bos === undefined ? {} : { bos }),
  });
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damaged(z.prettifyError(parsed.error));
}

/** As the tokenizers library has it: ordinary added tokens are normalised unless the file says otherwise. */
const isNormalized = ({ normalized, special }: z.infer<typeof addedToken>): boolean => normalized ?? !special;

const toAdded = (token: z.infer<typeof addedToken>): AddedToken => ({
  id: token.id,
  content: token.content,
  special: token.special,
  lstrip: token.lstrip,
  rstrip: token.rstrip,
  singleWord: token.single_word,
});

function vocabularyOf(
  entries: Readonly<Record<string, number>>,
  added: readonly z.infer<typeof addedToken>[],
): Vocabulary {
  const ids = new Map(Object.entries(entries));
  const pieces: (string | undefined)[] = [];
  const place = (piece: string, id: number): void => {
    if (id > maxId) throw damaged(`"${piece}" has the id ${id}`);
    while (pieces.length <= id) pieces.push(undefined);
    pieces[id] = piece;
  };
  for (const [piece, id] of ids) place(piece, id);
  const special = new Set<number>();
  for (const token of added) {
    ids.set(token.content, token.id);
    place(token.content, token.id);
    if (token.special) special.add(token.id);
  }
  return { pieces, ids, isSpecial: (id) => special.has(id) };
}

/** The special token that a post-processor puts in front of every text; undefined when it puts none. */
function leadingToken(processor: Component): string | undefined {
  const schema = z.looseObject({
    single: z.array(z.looseObject({ SpecialToken: z.looseObject({ id: z.string() }).optional() })).optional(),
    processors: z.array(component).optional(),
  });
  const { single, processors } = parse(schema, processor);
  switch (processor.type) {
    case 'ByteLevel':
      return undefined;
    case 'Sequence':
      return processors?.map(leadingToken).find((token) => token !== undefined);
    case 'TemplateProcessing':
      return single?.[0]?.SpecialToken?.id;
    default:
      throw unsupported(`finishes texts by "${processor.type}"`);
  }
}
