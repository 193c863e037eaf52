import { HoldfastError } from '../../errors.ts';
import type { GgufFile } from '../weights/gguf.ts';
import { metadataNumber, metadataString } from '../weights/ggufMetadata.ts';
import { readFloat32 } from '../weights/weightSource.ts';
import type { Sizes } from './architectures/architecture.ts';
import { findArchitecture, unsupportedArchitecture } from './architectures/index.ts';
import { blueprint } from './blueprint.ts';
import type { ModelConfig } from './modelConfig.ts';
import { yarnMagnitude, type Rope, type RopeScaling } from './rope.ts';
import { ggufNames } from './tensorNames.ts';

/** Tensors in which converters keep what divides the rotary frequencies. */
const divisorTensors = {
  all: 'rope_freqs.weight',
  short: 'rope_factors_short.weight',
  long: 'rope_factors_long.weight',
};

/** The metadata of a GGUF file under its architecture's prefix. */
export class GgufConfig {
  readonly architecture: string;

  constructor(readonly gguf: GgufFile) {
    this.architecture = metadataString(gguf, 'general.architecture') ?? 'unnamed';
  }

  number(key: string): number | undefined {
    return metadataNumber(this.gguf, `${this.architecture}.${key}`);
  }

  required(key: string): number {
    const value = this.number(key);
    if (value !== undefined) return value;
    throw new HoldfastError(
      'model-format',
      `${this.gguf.path}: metadata "${this.architecture}.${key}" is missing.`,
      'Convert the model again with a current converter.',
    );
  }

  /** Which layers have a sliding window: every n-th does not, or the file lists them. */
  slidingLayers(layers: number, every: number): boolean[] {
    const key = 'attention.sliding_window_pattern';
    const stored = this.gguf.metadata.get(`${this.architecture}.${key}`);
    if (Array.isArray(stored)) return Array.from({ length: layers }, (_, layer) => stored[layer] === true);
    const period = this.number(key) ?? every;
    return Array.from({ length: layers }, (_, layer) => (layer + 1) % period !== 0);
  }

  get headDim(): number {
    return (
      this.number('attention.key_length') ?? this.required('embedding_length') / this.required('attention.head_count')
    );
  }

  /** The rotary embedding; divisors in tensors count as part of it. */
  rope(): Rope {
    return {
      theta: this.number('rope.freq_base') ?? 10_000,
      dimensions: this.number('rope.dimension_count') ?? this.headDim,
      scaling: this.#scaling(),
    };
  }

  #scaling(): RopeScaling {
    const { all, short, long } = divisorTensors;
    const originalLength = this.number('rope.scaling.original_context_length') ?? this.required('context_length');
    if (this.gguf.tensors.has(long)) {
      return {
        type: 'longrope',
        shortDivisors: readFloat32(this.gguf, short),
        longDivisors: readFloat32(this.gguf, long),
        originalLength,
        magnitude: this.number('rope.scaling.attn_factor') ?? 1,
      };
    }
    if (this.gguf.tensors.has(all)) return { type: 'divisors', divisors: readFloat32(this.gguf, all) };
    const type = metadataString(this.gguf, `${this.architecture}.rope.scaling.type`) ?? 'linear';
    switch (type) {
      case 'none':
        return { type };
      case 'linear':
        return { type, factor: this.number('rope.scaling.factor') ?? this.number('rope.scale_linear') ?? 1 };
      case 'yarn': {
        const factor = this.required('rope.scaling.factor');
        return {
          type,
          factor,
          originalLength,
          betaFast: this.number('rope.scaling.yarn_beta_fast') ?? 32,
          betaSlow: this.number('rope.scaling.yarn_beta_slow') ?? 1,
          truncate: true,
          magnitude: this.number('rope.scaling.yarn_attn_factor') ?? yarnMagnitude(factor),
        };
      }
      default:
        throw new HoldfastError(
          'unsupported-model',
          `${this.gguf.path} uses "${type}" RoPE scaling, which this version does not run.`,
          'Supported RoPE scalings: linear, yarn, longrope, and divisors in the file (llama3).',
        );
    }
  }
}

/**
 * Reads the blueprint of a GGUF file.
 * @throws HoldfastError `model-format` for missing metadata, `unsupported-model` for families or options that are not run.
 */
export function configFromGguf(gguf: GgufFile): ModelConfig {
  const config = new GgufConfig(gguf);
  const architecture = findArchitecture(config.architecture);
  if (architecture === undefined) throw unsupportedArchitecture(config.architecture, gguf.path);
  if ((config.number('expert_count') ?? 0) > 0) {
    throw new HoldfastError(
      'unsupported-model',
      `${gguf.path} is a mixture of experts, which this version does not run.`,
      'Use a dense model of the same family.',
    );
  }
  const vocabSize = gguf.tensors.get(ggufNames.embedding)?.shape[0];
  if (vocabSize === undefined) {
    throw new HoldfastError(
      'model-format',
      `${gguf.path} has no token embedding.`,
      'Use a complete GGUF file of a language model.',
    );
  }
  const queryHeads = config.required('attention.head_count');
  const sizes: Sizes = {
    layers: config.required('block_count'),
    hiddenSize: config.required('embedding_length'),
    feedForwardSize: config.required('feed_forward_length'),
    queryHeads,
    kvHeads: config.number('attention.head_count_kv') ?? queryHeads,
    headDim: config.headDim,
    vocabSize,
    contextLength: config.required('context_length'),
    normEpsilon: config.required('attention.layer_norm_rms_epsilon'),
    tiedOutput: false, // a file with an output projection means it
  };
  return blueprint(architecture, sizes, architecture.fromGguf(config, sizes), gguf.path);
}
