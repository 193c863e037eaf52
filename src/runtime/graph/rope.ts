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
    };

/**
 * Inverse frequencies `theta^(-2j/d)`, [d/2], scaled. `llama3` leaves short wavelengths alone, divides long ones by the factor
 * and blends between (https://arxiv.org/abs/2407.21783; formula as in transformers). `divisors` [d/2] come from a GGUF's
 * `rope_freqs` tensor, in which converters store the same scaling.
 */
export function inverseFrequencies(config: ModelConfig, divisors: Float32Array | null = null): Float32Array {
  const { headDim, ropeTheta, ropeScaling } = config;
  return Float32Array.from({ length: headDim / 2 }, (_, j) => {
    const frequency = Math.fround(1 / ropeTheta ** ((2 * j) / headDim));
    return scale(frequency, ropeScaling) / (divisors?.[j] ?? 1);
  });
}

function scale(frequency: number, scaling: RopeScaling): number {
  switch (scaling.type) {
    case 'none':
      return frequency;
    case 'linear':
      return frequency / scaling.factor;
    case 'llama3': {
      const { factor, lowFrequencyFactor, highFrequencyFactor, originalLength } = scaling;
      const wavelength = (2 * Math.PI) / frequency;
      if (wavelength < originalLength / highFrequencyFactor) return frequency;
      if (wavelength > originalLength / lowFrequencyFactor) return frequency / factor;
      const blend = (originalLength / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
      return ((1 - blend) * frequency) / factor + blend * frequency;
    }
  }
}

/** Adds `rope.cos` and `rope.sin`, [positions, d/2]; angles are rounded to float32 as the references do. */
export function addRopeTables(graph: GraphBuilder, config: ModelConfig, divisors: Float32Array | null): void {
  const positions = positionsOf(config);
  const frequencies = inverseFrequencies(config, divisors);
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (const [j, frequency] of frequencies.entries()) {
    for (let position = 0; position < positions; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + j] = Math.cos(angle);
      sin[position * half + j] = Math.sin(angle);
    }
  }
  graph.weight('rope.cos', [positions, half], cos);
  graph.weight('rope.sin', [positions, half], sin);
}
