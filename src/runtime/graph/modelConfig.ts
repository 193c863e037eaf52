import { HoldfastError } from '../../errors.ts';
import { divisorsOf, type Rope } from './rope.ts';

/** Where a block normalises: its input, its output before the residual sum, or both. */
export type NormPlacement = 'before' | 'after' | 'around';

/** Which channels a norm of queries and keys covers: each head's, or all heads' together. */
export type QueryKeyNorm = 'none' | 'per-head' | 'all-heads';

export type Activation = 'silu' | 'gelu' | 'gelu-tanh';

/** How one layer attends. */
export interface LayerAttention {
  /** A query sees itself and the `window - 1` tokens before it; null: all tokens before it. */
  readonly window: number | null;
  /** Index of its rotary embedding in `ropes`; null: none (NoPE, https://arxiv.org/abs/2305.19466). */
  readonly rope: number | null;
}

/** The immutable blueprint of a decoder: all that the graph needs to know besides the weights. */
export interface ModelConfig {
  /** Id of the architecture (architectures/index.ts). */
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
  readonly norms: NormPlacement;
  readonly queryKeyNorm: QueryKeyNorm;
  readonly activation: Activation;
  /** Embeddings are multiplied by this. */
  readonly embeddingScale: number;
  /** Attention scores are multiplied by this. */
  readonly attentionScale: number;
  /** Scores (logits) s become `cap * tanh(s / cap)`; null: they stay. */
  readonly attentionSoftCap: number | null;
  readonly logitSoftCap: number | null;
  readonly ropes: readonly Rope[];
  readonly attention: readonly LayerAttention[]; // [layers]
  /** The output projection is the embedding, whatever else the file holds. */
  readonly tiedOutput: boolean;
}

/**
 * Longest sequence the rotary table of a built graph covers. A table of the full context of a long-context model would
 * waste memory on positions that a system prompt never reaches.
 */
const maxPositions = 16_384;

/** Positions that a built graph covers: prompt, user turn and answer together. */
export const positionsOf = (config: ModelConfig): number => Math.min(config.contextLength, maxPositions);

/** Windows that occur among the layers, each once. */
export const windowsOf = (config: ModelConfig): number[] => [
  ...new Set(config.attention.flatMap(({ window }) => (window === null ? [] : [window]))),
];

/** @throws HoldfastError `model-format` when the sizes contradict each other. */
export function checkConfig(config: ModelConfig, file: string): ModelConfig {
  const { queryHeads, kvHeads, headDim, ropes, attention, layers } = config;
  const fits =
    queryHeads % kvHeads === 0 &&
    Number.isInteger(headDim) &&
    ropes.every(({ dimensions }) => Number.isInteger(dimensions / 2) && dimensions > 0 && dimensions <= headDim);
  if (!fits) {
    throw new HoldfastError(
      'model-format',
      `${file}: ${queryHeads} query heads, ${kvHeads} KV heads, head size ${headDim} and ` +
        `${ropes.map(({ dimensions }) => dimensions).join(', ') || 'no'} rotated channels do not fit together.`,
      'The file is damaged or was converted wrongly.',
    );
  }
  if (attention.length !== layers) throw new RangeError(`${attention.length} layer descriptions for ${layers} layers.`);
  for (const rope of ropes) {
    const wrong = divisorsOf(rope).find((divisors) => divisors.length !== rope.dimensions / 2);
    if (wrong === undefined) continue;
    throw new HoldfastError(
      'model-format',
      `${file}: the RoPE scaling has ${wrong.length} divisors for ${rope.dimensions / 2} channels.`,
      'The file is damaged or was converted wrongly.',
    );
  }
  return config;
}
