import { z } from 'zod';
import { noBytes } from '../bytes.ts';
import { roundHalfEven } from '../roundHalfEven.ts';
import { compressedLayers } from '../slidingLayers.ts';
import { roundToHalf, toHalves } from './float16.ts';
import { defineFormat } from './formatFamily.ts';
import { roundHalfAway } from './minifloat.ts';

const f = Math.fround;
const smallestScale = f(1e-7);

/**
 * MLX-LM `--kv-bits`, `--kv-group-size`: `mx.quantize` in affine mode. Scale and bias are chosen so that zero and the
 * element of the larger magnitude are exact, and are stored as fp16; codes are taken on the scale before that rounding.
 * The Metal kernel rounds halves away from zero and counts zero among the elements of a group; the CPU's does neither.
 */
export const mlx = defineFormat({
  id: 'mlx',
  engine: 'MLX-LM',
  summary: 'Groups of channels of one token with an fp16 scale and bias.',
  source: 'https://github.com/ml-explore/mlx/blob/main/mlx/backend/metal/kernels/quantized.h',
  schema: z.strictObject({
    bits: z.literal([2, 3, 4, 5, 6, 8]).default(4).describe('Bits of an element (--kv-bits).'),
    groupSize: z.literal([32, 64, 128]).default(64).describe('Channels that share a scale (--kv-group-size).'),
    kernel: z.enum(['metal', 'cpu']).default('metal').describe('Whose rounding.'),
  }),
  create({ bits, groupSize, kernel }) {
    const store = (exact: Float32Array): Float32Array => {
      const halves = toHalves(exact);
      for (let start = 0; start < halves.length; start += groupSize)
        requantise(halves.subarray(start, start + groupSize), bits, kernel);
      return halves;
    };
    return {
      title: `MLX ${bits} bits (group ${groupSize}${kernel === 'metal' ? '' : ', CPU'})`,
      refusal: ({ headDim, windows }) =>
        headDim % groupSize !== 0
          ? `MLX does not quantise heads of ${headDim} channels in groups of ${groupSize}.`
          : compressedLayers(windows).length < windows.length
            ? 'MLX-LM does not quantise the rotating caches of layers with a sliding window.'
            : undefined,
      notes: () => ['The whole prefix is quantised: --quantized-kv-start 0. The command line starts at 5,000 tokens.'],
      layerBytes({ kvHeads, headDim }, tokens) {
        const elements = 2 * kvHeads * tokens * headDim;
        return { ...noBytes, codes: (elements * bits) / 8, metadata: (elements / groupSize) * 4 };
      },
      store: ({ keys, values }) => ({ keys: store(keys), values: store(values) }),
    };
  },
});

function requantise(group: Float32Array, bits: number, kernel: 'metal' | 'cpu'): void {
  const levels = 2 ** bits - 1;
  const round = kernel === 'metal' ? roundHalfAway : roundHalfEven;
  let low = Infinity;
  let high = kernel === 'metal' ? 0 : -Infinity;
  for (const value of group) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const lowIsLarger = Math.abs(low) > Math.abs(high);
  const edge = lowIsLarger ? low : high;
  let scale = Math.max(f(f(high - low) / levels), smallestScale) * (lowIsLarger ? 1 : -1);
  const stepsToZero = round(f(edge / scale));
  if (stepsToZero !== 0) scale = f(edge / stepsToZero);
  const bias = stepsToZero === 0 ? 0 : edge;
  const storedScale = roundToHalf(scale);
  const storedBias = roundToHalf(bias);
  for (let index = 0; index < group.length; index++) {
    const code = Math.max(0, Math.min(levels, round(f(f(group[index]! - bias) / scale))));
    group[index] = f(storedScale * code) + storedBias;
  }
}
