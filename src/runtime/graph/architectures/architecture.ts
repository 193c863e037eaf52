import type { GgufConfig } from '../ggufConfig.ts';
import type { HuggingFaceConfig } from '../huggingFaceConfig.ts';
import type { Activation, LayerAttention, ModelConfig, NormPlacement, QueryKeyNorm } from '../modelConfig.ts';
import type { Rope } from '../rope.ts';
import type { TensorNames } from '../tensorNames.ts';

/** What a model file decides beyond the sizes that every decoder has. Left out: what plain Llama does. */
export interface Variation {
  readonly attention: readonly LayerAttention[]; // [layers]
  readonly ropes: readonly Rope[];
  readonly attentionScale?: number;
  readonly attentionSoftCap?: number | null;
  readonly logitSoftCap?: number | null;
  readonly embeddingScale?: number;
}

/** Sizes that every file format states the same way. */
export type Sizes = Pick<
  ModelConfig,
  | 'layers'
  | 'hiddenSize'
  | 'feedForwardSize'
  | 'queryHeads'
  | 'kvHeads'
  | 'headDim'
  | 'vocabSize'
  | 'contextLength'
  | 'normEpsilon'
  | 'tiedOutput'
>;

/**
 * One family of decoders: how its files describe it, and how its blocks differ from each other's. The graph itself is
 * shared (decoderGraph.ts); a family is data for it.
 */
export interface Architecture {
  /** Also `general.architecture` of its GGUF files. */
  readonly id: string;
  readonly title: string;
  /** `model_type` of its Hugging Face configurations. */
  readonly modelTypes: readonly string[];
  readonly norms: NormPlacement;
  readonly queryKeyNorm: QueryKeyNorm;
  readonly activation: Activation;
  /** Where the tensors of a layer are stored in each format. */
  readonly names: { readonly huggingFace: TensorNames; readonly gguf: TensorNames };
  /** GGUF files store query and key rows for interleaved RoPE, as the converter does for this family. */
  readonly ggufPermutesHeads: boolean;
  /** Hugging Face files store norm weights minus this (GGUF files store them whole). */
  readonly normOffset: number;
  /** What transformers assumes where a configuration is silent. */
  readonly defaults: Readonly<Record<string, unknown>>;
  fromHuggingFace(config: HuggingFaceConfig, sizes: Sizes): Variation;
  fromGguf(config: GgufConfig, sizes: Sizes): Variation;
}

/** Every layer attends to everything before it, with one rotary embedding. */
export const fullAttention = (layers: number): LayerAttention[] => slidingAttention(layers, null);

/** Every layer has the same window; null or 0 is none. */
export const slidingAttention = (layers: number, window: number | null): LayerAttention[] =>
  Array.from({ length: layers }, () => ({ window: window === null || window <= 0 ? null : window, rope: 0 }));
