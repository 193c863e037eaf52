import { rotaryOf, type Rotary } from '../../cache/rotary.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import { positionsOf, type ModelConfig } from './modelConfig.ts';

/** How a model stretches its rotary frequencies beyond the length it was first trained for. */
export type RopeScaling =
  | { readonly type: 'none' }
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalLength: number;
    }
  | {
      /** Interpolates slow channels, leaves fast ones (https://arxiv.org/abs/2309.00071). */
      readonly type: 'yarn';
      readonly factor: number;
      readonly originalLength: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      /** Rounds the two bounds of the blend to whole channels, as all but a few models do. */
      readonly truncate: boolean;
      readonly magnitude: number;
    }
  | {
      /** One divisor per channel, others beyond the original length (LongRoPE, https://arxiv.org/abs/2402.13753). */
      readonly type: 'longrope';
      readonly shortDivisors: ArrayLike<number>; // [dimensions / 2]
      readonly longDivisors: ArrayLike<number>; // [dimensions / 2]
      readonly originalLength: number;
      readonly magnitude: number;
    }
  /** Channel by channel, as GGUF converters store any scaling that does not depend on the length. */
  | { readonly type: 'divisors'; readonly divisors: ArrayLike<number> }; // [dimensions / 2]

/** One rotary embedding; a model may have several, which its layers choose from. */
export interface Rope {
  readonly theta: number;
  /** Rotated channels of a head; the rest passes through. */
  readonly dimensions: number;
  readonly scaling: RopeScaling;
}

/** What YaRN multiplies queries and keys by, so that attention over a longer context keeps its sharpness. */
export const yarnMagnitude = (factor: number, scale = 1): number =>
  factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;

/** The same for LongRoPE. */
export const longRopeMagnitude = (factor: number, originalLength: number): number =>
  factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalLength));

/** Queries and keys are multiplied by this where they are rotated. */
export const magnitudeOf = ({ scaling }: Rope): number => ('magnitude' in scaling ? scaling.magnitude : 1);

/**
 * Inverse frequencies `theta^(-2j/d)`, [dimensions / 2], scaled. Formulas as in transformers' `modeling_rope_utils`.
 * `long` chooses LongRoPE's divisors for sequences beyond the original length; other scalings ignore it.
 */
export function inverseFrequencies(rope: Rope, long = false): Float32Array {
  const { theta, dimensions, scaling } = rope;
  const scaled = frequencyScale(rope, long);
  return Float32Array.from({ length: dimensions / 2 }, (_, j) => {
    const frequency = Math.fround(1 / theta ** ((2 * j) / dimensions));
    return scaling.type === 'none' ? frequency : scaled(frequency, j);
  });
}

type FrequencyScale = (frequency: number, channel: number) => number;

function frequencyScale(rope: Rope, long: boolean): FrequencyScale {
  const { scaling } = rope;
  switch (scaling.type) {
    case 'none':
      return (frequency) => frequency;
    case 'linear':
      return (frequency) => frequency / scaling.factor;
    case 'divisors':
      return (frequency, channel) => frequency / scaling.divisors[channel]!;
    case 'longrope': {
      const divisors = long ? scaling.longDivisors : scaling.shortDivisors;
      return (frequency, channel) => frequency / divisors[channel]!;
    }
    case 'llama3':
      return (frequency) => llama3(frequency, scaling);
    case 'yarn':
      return yarn(rope, scaling);
  }
}

/** Leaves short wavelengths alone, divides long ones by the factor and blends between (https://arxiv.org/abs/2407.21783). */
function llama3(frequency: number, scaling: Extract<RopeScaling, { type: 'llama3' }>): number {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalLength } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < originalLength / highFrequencyFactor) return frequency;
  if (wavelength > originalLength / lowFrequencyFactor) return frequency / factor;
  const blend = (originalLength / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
  return ((1 - blend) * frequency) / factor + blend * frequency;
}

function yarn({ theta, dimensions }: Rope, scaling: Extract<RopeScaling, { type: 'yarn' }>): FrequencyScale {
  const { factor, originalLength, betaFast, betaSlow, truncate } = scaling;
  /** The channel that turns this often over the original length. */
  const channelOf = (turns: number): number =>
    (dimensions * Math.log(originalLength / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [channelOf(betaFast), channelOf(betaSlow)];
  const low = Math.max(0, truncate ? Math.floor(first) : first);
  const high = Math.min(dimensions - 1, truncate ? Math.ceil(last) : last);
  const width = high === low ? 0.001 : high - low;
  return (frequency, channel) => {
    const interpolated = Math.min(1, Math.max(0, (channel - low) / width));
    return (frequency / factor) * interpolated + frequency * (1 - interpolated);
  };
}

/** Every list of divisors of a rotary embedding. */
export function divisorsOf({ scaling }: Rope): ArrayLike<number>[] {
  if (scaling.type === 'divisors') return [scaling.divisors];
  return scaling.type === 'longrope' ? [scaling.shortDivisors, scaling.longDivisors] : [];
}

/** The rotation of a layer as policies compute with it; one without positions rotates nothing. */
export function rotaryOfLayer({ attention, ropes }: ModelConfig, layer: number, long: boolean): Rotary {
  const { rope } = attention[layer]!;
  if (rope === null) return rotaryOf([]);
  return rotaryOf(inverseFrequencies(ropes[rope]!, long), magnitudeOf(ropes[rope]!));
}

/** Names of the tables of a model's rotary embedding. */
export const ropeTables = (index: number) => ({ cos: `rope.${index}.cos`, sin: `rope.${index}.sin` });

/** Where LongRoPE switches its divisors; null for models whose rotation does not depend on the length. */
export function longRopeStart(config: ModelConfig): number | null {
  for (const { scaling } of config.ropes) if (scaling.type === 'longrope') return scaling.originalLength;
  return null;
}

/** Tokens after the system turn that are expected to fit before LongRoPE has to switch: user turn and answer. */
const conversationReserve = 1024;

/**
 * Whether a conversation that begins with so many tokens rotates by LongRoPE's long divisors. Decided once for the whole
 * conversation: keys that were rotated one way cannot be read the other.
 */
export function needsLongRope(config: ModelConfig, promptTokens: number): boolean {
  const start = longRopeStart(config);
  return start !== null && promptTokens + conversationReserve > start;
}

/**
 * Adds cosines and sines, [positions, dimensions / 2], of every rotary embedding; angles are rounded to float32 as the
 * references do. Where the divisors depend on the length, a second table for long sequences follows: [2 x positions, ..].
 */
export function addRopeTables(graph: GraphBuilder, config: ModelConfig): void {
  const positions = positionsOf(config);
  const forms = longRopeStart(config) === null ? [false] : [false, true];
  for (const [index, rope] of config.ropes.entries()) {
    const half = rope.dimensions / 2;
    const cos = new Float32Array(forms.length * positions * half);
    const sin = new Float32Array(forms.length * positions * half);
    for (const [form, long] of forms.entries()) {
      const table = rotaryOf(inverseFrequencies(rope, long), magnitudeOf(rope)).at(0, positions);
      cos.set(table.cos, form * positions * half);
      sin.set(table.sin, form * positions * half);
    }
    const names = ropeTables(index);
    graph.weight(names.cos, [forms.length * positions, half], cos);
    graph.weight(names.sin, [forms.length * positions, half], sin);
  }
}
