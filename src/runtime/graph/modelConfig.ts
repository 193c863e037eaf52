import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import type { RopeScaling } from './rope.ts';
import { metadataNumber, metadataString, type GgufMetadata } from '../weights/ggufMetadata.ts';

/** The immutable blueprint of a decoder, read from GGUF metadata or `config.json`. */
export interface ModelConfig {
  readonly architecture: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly feedForwardSize: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
}

/** Architectures with a graph of their own, in the file of that name. */
export const supportedArchitectures = ['llama'] as const;

/**
 * Longest sequence the rotary table of a built graph covers. A table of the full context of a long-context model would
 * waste memory on positions that a system prompt never reaches.
 */
const maxPositions = 16_384;

/** Positions that a built graph covers: prompt, user turn and answer together. */
export const positionsOf = (config: ModelConfig): number => Math.min(config.contextLength, maxPositions);

/** Reads the blueprint of a GGUF file. `vocabSize` is the number of rows of its embedding. */
export function configFromGguf(gguf: GgufMetadata, vocabSize: number): ModelConfig {
  const architecture = metadataString(gguf, 'general.architecture') ?? 'unnamed';
  requireSupported(architecture, gguf.path);
  const number = (key: string): number | undefined => metadataNumber(gguf, `${architecture}.${key}`);
  const required = (key: string): number => {
    const value = number(key);
    if (value !== undefined) return value;
    throw new HoldfastError(
      'model-format',
      `${gguf.path}: metadata "${architecture}.${key}" is missing.`,
      'Convert the model again with a current converter.',
    );
  };
  const scaling = metadataString(gguf, `${architecture}.rope.scaling.type`) ?? 'none';
  if (scaling !== 'none' && scaling !== 'linear') throw unsupportedRope(gguf.path, scaling);
  const hiddenSize = required('embedding_length');
  const queryHeads = required('attention.head_count');
  return checked(
    {
      architecture,
      layers: required('block_count'),
      hiddenSize,
      feedForwardSize: required('feed_forward_length'),
      queryHeads,
      kvHeads: number('attention.head_count_kv') ?? queryHeads,
      headDim: number('attention.key_length') ?? number('rope.dimension_count') ?? hiddenSize / queryHeads,
      vocabSize,
      contextLength: required('context_length'),
      normEpsilon: required('attention.layer_norm_rms_epsilon'),
      ropeTheta: number('rope.freq_base') ?? 10_000,
      ropeScaling: scaling === 'none' ? { type: 'none' } : { type: 'linear', factor: required('rope.scaling.factor') },
    },
    gguf.path,
  );
}

const positive = z.int().positive();

/** The part of a Hugging Face `config.json` that decides the graph; both the current and the older RoPE spelling. */
const huggingFaceConfig = z.object({
  model_type: z.string(),
  num_hidden_layers: positive,
  hidden_size: positive,
  intermediate_size: positive,
  num_attention_heads: positive,
  num_key_value_heads: positive.optional(),
  head_dim: positive.nullish(),
  vocab_size: positive,
  max_position_embeddings: positive,
  rms_norm_eps: z.number().positive(),
  hidden_act: z.literal('silu'),
  rope_theta: z.number().positive().optional(),
  rope_scaling: z.looseObject({ rope_type: z.string().optional(), type: z.string().optional() }).nullish(),
  rope_parameters: z.looseObject({ rope_type: z.string(), rope_theta: z.number().positive() }).optional(),
  partial_rotary_factor: z.literal(1).optional(),
});

const factor = z.number().positive();
const linearScaling = z.looseObject({ factor }).transform((s): RopeScaling => ({ type: 'linear', factor: s.factor }));
const llama3Scaling = z
  .looseObject({
    factor,
    low_freq_factor: factor,
    high_freq_factor: factor,
    original_max_position_embeddings: positive,
  })
  .transform((s): RopeScaling => ({
    type: 'llama3',
    factor: s.factor,
    lowFrequencyFactor: s.low_freq_factor,
    highFrequencyFactor: s.high_freq_factor,
    originalLength: s.original_max_position_embeddings,
  }));

/** Reads the blueprint of a Hugging Face folder, or of one `config.json`. */
export function configFromHuggingFace(folderOrFile: string): ModelConfig {
  const file = folderOrFile.endsWith('.json') ? folderOrFile : path.join(folderOrFile, 'config.json');
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new HoldfastError('model-format', `${file} cannot be read as JSON.`, 'Download the model folder again.', {
      cause,
    });
  }
  const type = z.looseObject({ model_type: z.string() }).safeParse(json);
  requireSupported(type.data?.model_type ?? 'unnamed', file);
  const parsed = huggingFaceConfig.safeParse(json);
  if (!parsed.success) {
    throw new HoldfastError(
      'unsupported-model',
      `${file} asks for something that this version does not run: ${z.prettifyError(parsed.error)}`,
      'Use another model, or one without that option.',
    );
  }
  const config = parsed.data;
  return checked(
    {
      architecture: config.model_type,
      layers: config.num_hidden_layers,
      hiddenSize: config.hidden_size,
      feedForwardSize: config.intermediate_size,
      queryHeads: config.num_attention_heads,
      kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
      headDim: config.head_dim ?? config.hidden_size / config.num_attention_heads,
      vocabSize: config.vocab_size,
      contextLength: config.max_position_embeddings,
      normEpsilon: config.rms_norm_eps,
      ropeTheta: config.rope_parameters?.rope_theta ?? config.rope_theta ?? 10_000,
      ropeScaling: ropeScalingOf(config, file),
    },
    file,
  );
}

function ropeScalingOf(
  { rope_parameters, rope_scaling }: z.infer<typeof huggingFaceConfig>,
  file: string,
): RopeScaling {
  const parameters = rope_parameters ?? rope_scaling ?? {};
  const type = rope_parameters?.rope_type ?? rope_scaling?.rope_type ?? rope_scaling?.type ?? 'default';
  if (type === 'default') return { type: 'none' };
  const schema = type === 'linear' ? linearScaling : type === 'llama3' ? llama3Scaling : null;
  if (schema === null) throw unsupportedRope(file, type);
  const parsed = schema.safeParse(parameters);
  if (parsed.success) return parsed.data;
  throw new HoldfastError(
    'model-format',
    `${file}: the "${type}" RoPE scaling is incomplete: ${z.prettifyError(parsed.error)}`,
    'Download the model folder again.',
  );
}

function requireSupported(architecture: string, file: string): void {
  if ((supportedArchitectures as readonly string[]).includes(architecture)) return;
  throw new HoldfastError(
    'unsupported-model',
    `${file} is a "${architecture}" model, which this version does not run.`,
    `Supported architectures: ${supportedArchitectures.join(', ')}.`,
  );
}

const unsupportedRope = (file: string, type: string): HoldfastError =>
  new HoldfastError(
    'unsupported-model',
    `${file} uses "${type}" RoPE scaling, which this version does not run.`,
    'Supported RoPE scalings: linear, llama3.',
  );

function checked(config: ModelConfig, file: string): ModelConfig {
  const { queryHeads, kvHeads, headDim } = config;
  if (queryHeads % kvHeads !== 0 || !Number.isInteger(headDim) || headDim % 2 !== 0) {
    throw new HoldfastError(
      'model-format',
      `${file}: ${queryHeads} query heads, ${kvHeads} KV heads and head size ${headDim} do not fit together.`,
      'The file is damaged or was converted wrongly.',
    );
  }
  return config;
}
