import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import type { Sizes } from './architectures/architecture.ts';
import { findModelType, unsupportedArchitecture } from './architectures/index.ts';
import { blueprint } from './blueprint.ts';
import type { Activation, ModelConfig } from './modelConfig.ts';
import { longRopeMagnitude, yarnMagnitude, type Rope, type RopeScaling } from './rope.ts';

const positive = z.int().positive();
const ratio = z.number().positive();
const layerType = z.enum(['full_attention', 'sliding_attention']);

const rope = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(), // the older spelling
  rope_theta: ratio.optional(),
  partial_rotary_factor: ratio.max(1).optional(),
});
type RopeJson = z.infer<typeof rope>;
const ropePerLayerType = z.record(layerType, rope);

/** Files write null for what they leave out. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

/** The parts of a `config.json` that decide the graph, in the current and the older spelling of transformers. */
const configJson = z.object({
  model_type: z.string(),
  num_hidden_layers: positive,
  hidden_size: positive,
  intermediate_size: positive,
  num_attention_heads: positive,
  num_key_value_heads: optional(positive),
  head_dim: optional(positive),
  vocab_size: positive,
  max_position_embeddings: positive,
  original_max_position_embeddings: optional(positive),
  rms_norm_eps: ratio,
  hidden_act: optional(z.string()),
  hidden_activation: optional(z.string()),
  tie_word_embeddings: optional(z.boolean()),
  rope_theta: optional(ratio),
  rope_local_base_freq: optional(ratio),
  rope_scaling: optional(rope),
  rope_parameters: optional(z.union([ropePerLayerType, rope])),
  partial_rotary_factor: optional(ratio.max(1)),
  sliding_window: optional(positive),
  use_sliding_window: optional(z.boolean()),
  max_window_layers: optional(z.int().min(0)),
  sliding_window_pattern: optional(positive),
  _sliding_window_pattern: optional(positive),
  layer_types: optional(z.array(layerType)),
  no_rope_layers: optional(z.array(z.union([z.literal(0), z.literal(1)]))),
  no_rope_layer_interval: optional(positive),
  query_pre_attn_scalar: optional(ratio),
  attn_logit_softcapping: optional(ratio),
  final_logit_softcapping: optional(ratio),
  use_bidirectional_attention: optional(z.literal(false, 'only causal attention is run')),
  // Layers of experts instead of one feed-forward block.
  num_local_experts: z.null('a mixture of experts is not run').optional(),
  quantization_config: z
    .null('weights that were quantised for another runtime are not read; use the original or a GGUF')
    .optional(),
});
type ConfigJson = z.infer<typeof configJson>;

const activations: Readonly<Record<string, Activation>> = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_new: 'gelu-tanh',
};

/** A checked `config.json`, as architectures read it. */
export class HuggingFaceConfig {
  constructor(
    readonly json: ConfigJson,
    readonly file: string,
    readonly headDim: number,
  ) {}

  /** Which layers have a sliding window: as the file lists them, else by the family's rule. */
  readonly layerTypes = (layers: number, slides: (layer: number) => boolean): boolean[] => {
    const listed = this.json.layer_types;
    if (listed !== undefined && listed.length !== layers) {
      throw this.#damaged(`layer_types lists ${listed.length} layers of ${layers}`);
    }
    return Array.from({ length: layers }, (_, layer) =>
      listed === undefined ? slides(layer) : listed[layer] === 'sliding_attention',
    );
  };

  /**
   * The rotary embedding of a kind of layer. `older` is what the older spelling, which has no kinds, means for it.
   */
  rope(
    layers: z.infer<typeof layerType> = 'full_attention',
    older: { readonly theta?: number; readonly scaled: boolean } = { scaled: true },
  ): Rope {
    const { rope_parameters, rope_scaling, rope_theta, partial_rotary_factor } = this.json;
    const current = rope_parameters === undefined ? undefined : this.#ofLayers(rope_parameters, layers);
    const parameters = current ?? (older.scaled ? rope_scaling : undefined) ?? {};
    const share = parameters.partial_rotary_factor ?? partial_rotary_factor ?? 1;
    return {
      theta: current?.rope_theta ?? older.theta ?? rope_theta ?? 10_000,
      dimensions: Math.trunc(this.headDim * share),
      scaling: this.#scaling(parameters),
    };
  }

  #ofLayers(parameters: NonNullable<ConfigJson['rope_parameters']>, layers: z.infer<typeof layerType>): RopeJson {
    const perType = ropePerLayerType.safeParse(parameters);
    return (perType.success && perType.data[layers]) || parameters;
  }

  #scaling(parameters: RopeJson): RopeScaling {
    // Early Phi 3 files call LongRoPE by the name of another scaling.
    const type = 'short_factor' in parameters ? 'longrope' : (parameters.rope_type ?? parameters.type ?? 'default');
    // The dynamic form only begins beyond max_position_embeddings, and longer sequences are refused.
    if (type === 'default' || type === 'dynamic') return { type: 'none' };
    const schema = scalings[type];
    if (schema === undefined) {
      throw new HoldfastError(
        'unsupported-model',
        `${this.file} uses "${type}" RoPE scaling, which this version does not run.`,
        `Supported RoPE scalings: ${Object.keys(scalings).join(', ')}.`,
      );
    }
    const parsed = schema(this.json).safeParse(parameters);
    if (parsed.success) return parsed.data;
    throw this.#damaged(`the "${type}" RoPE scaling is incomplete: ${z.prettifyError(parsed.error)}`);
  }

  #damaged(problem: string): HoldfastError {
    return new HoldfastError('model-format', `${this.file}: ${problem}.`, 'Download the model folder again.');
  }
}

const longrope = ({ max_position_embeddings, original_max_position_embeddings }: ConfigJson) =>
  z
    .looseObject({
      short_factor: z.array(ratio),
      long_factor: z.array(ratio),
      factor: ratio.nullish(),
      attention_factor: ratio.nullish(),
      original_max_position_embeddings: positive.nullish(),
    })
    .transform((s): RopeScaling => {
      const originalLength =
        original_max_position_embeddings ?? s.original_max_position_embeddings ?? max_position_embeddings;
      const factor = s.factor ?? max_position_embeddings / originalLength;
      return {
        type: 'longrope',
        shortDivisors: s.short_factor,
        longDivisors: s.long_factor,
        originalLength,
        magnitude: s.attention_factor ?? longRopeMagnitude(factor, originalLength),
      };
    });

/** RoPE scalings by `rope_type`. */
const scalings: Readonly<Record<string, (config: ConfigJson) => z.ZodType<RopeScaling>>> = {
  linear: () => z.looseObject({ factor: ratio }).transform(({ factor }): RopeScaling => ({ type: 'linear', factor })),
  llama3: () =>
    z
      .looseObject({
        factor: ratio,
        low_freq_factor: ratio,
        high_freq_factor: ratio,
        original_max_position_embeddings: positive,
      })
      .transform((s): RopeScaling => ({
        type: 'llama3',
        factor: s.factor,
        lowFrequencyFactor: s.low_freq_factor,
        highFrequencyFactor: s.high_freq_factor,
        originalLength: s.original_max_position_embeddings,
      })),
  yarn: ({ max_position_embeddings }) =>
    z
      .looseObject({
        factor: ratio.nullable(),
        attention_factor: ratio.nullish(),
        mscale: z.number().min(0).nullish(),
        mscale_all_dim: z.number().min(0).nullish(),
        beta_fast: ratio.nullish(),
        beta_slow: ratio.nullish(),
        truncate: z.boolean().nullish(),
        original_max_position_embeddings: positive.nullish(),
      })
      .transform((s): RopeScaling => {
        const originalLength = s.original_max_position_embeddings ?? max_position_embeddings;
        const factor = s.factor ?? max_position_embeddings / originalLength;
        const magnitude =
          s.mscale && s.mscale_all_dim
            ? yarnMagnitude(factor, s.mscale) / yarnMagnitude(factor, s.mscale_all_dim)
            : yarnMagnitude(factor);
        return {
          type: 'yarn',
          factor,
          originalLength,
          betaFast: s.beta_fast ?? 32,
          betaSlow: s.beta_slow ?? 1,
          truncate: s.truncate ?? true,
          magnitude: s.attention_factor ?? magnitude,
        };
      }),
  longrope,
  su: longrope, // the first name of the same scaling
};

/**
 * Reads the blueprint of a Hugging Face folder, or of one `config.json`.
 * @throws HoldfastError `model-format` for damaged files, `unsupported-model` for families or options that are not run.
 */
export function configFromHuggingFace(folderOrFile: string): ModelConfig {
  const file = folderOrFile.endsWith('.json') ? folderOrFile : path.join(folderOrFile, 'config.json');
  const json = readJson(file);
  const architecture = findModelType(json.model_type);
  if (architecture === undefined) throw unsupportedArchitecture(json.model_type, file);
  const parsed = configJson.safeParse({ ...architecture.defaults, ...json });
  if (!parsed.success) {
    throw new HoldfastError(
      'unsupported-model',
      `${file} asks for something that this version does not run: ${z.prettifyError(parsed.error)}`,
      'Use another model, or one without that option.',
    );
  }
  const config = parsed.data;
  const activation = activationOf(config, file) ?? architecture.activation;
  const headDim = config.head_dim ?? config.hidden_size / config.num_attention_heads;
  const sizes: Sizes = {
    layers: config.num_hidden_layers,
    hiddenSize: config.hidden_size,
    feedForwardSize: config.intermediate_size,
    queryHeads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim,
    vocabSize: config.vocab_size,
    contextLength: config.max_position_embeddings,
    normEpsilon: config.rms_norm_eps,
    tiedOutput: config.tie_word_embeddings ?? false,
  };
  const variation = architecture.fromHuggingFace(new HuggingFaceConfig(config, file, headDim), sizes);
  return blueprint(architecture, sizes, { ...variation, activation }, file);
}

function readJson(file: string): Record<string, unknown> & { model_type: string } {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new HoldfastError('model-format', `${file} cannot be read as JSON.`, 'Download the model folder again.', {
      cause,
    });
  }
  const schema = z.looseObject({ model_type: z.string(), text_config: z.looseObject({}).optional() });
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw unsupportedArchitecture('unnamed', file);
  const { text_config, ...own } = parsed.data;
  // Models that also take pictures keep the decoder's part apart.
  return text_config === undefined ? own : { ...text_config, model_type: own.model_type };
}

function activationOf({ hidden_act, hidden_activation }: ConfigJson, file: string): Activation | undefined {
  const named = hidden_activation ?? hidden_act;
  if (named === undefined) return undefined;
  const activation = activations[named];
  if (activation !== undefined) return activation;
  throw new HoldfastError(
    'unsupported-model',
    `${file} asks for the activation "${named}", which this version does not run.`,
    `Supported activations: ${Object.keys(activations).join(', ')}.`,
  );
}
