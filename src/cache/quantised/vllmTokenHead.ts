import { z } from 'zod';
import { noBytes } from '../bytes.ts';
import { roundHalfEven } from '../roundHalfEven.ts';
import { float8E4m3, roundHalfAway } from './minifloat.ts';
import { toHalves } from './float16.ts';
import { roundToFloat8 } from './float8.ts';
import { defineFormat } from './formatFamily.ts';
import { isPowerOfTwo, walshHadamard } from './hadamard.ts';

const f = Math.fround;
const smallestScale = f(1e-6);
const bits = { fp8: 8, int8: 8, int4: 4 } as const;

/**
 * vLLM `--kv-cache-dtype int8_per_token_head | int4_per_token_head | fp8_per_token_head`: one float32 scale per token and
 * KV head. int4 has a 4-bit zero point in the lowest bits of that scale and rotates keys and values by a randomised
 * Hadamard transform first. Arithmetic of the Triton kernels with IEEE division, where the GPU's may be off by an ulp.
 */
export const vllmTokenHead = defineFormat({
  id: 'vllm-token-head',
  engine: 'vLLM',
  summary: 'Integers or 8-bit floats with one scale per token and KV head.',
  source: 'https://github.com/vllm-project/vllm/tree/main/vllm/v1/attention/ops',
  schema: z.strictObject({
    type: z
      .enum(['int8_per_token_head', 'int4_per_token_head', 'fp8_per_token_head'])
      .default('int8_per_token_head')
      .describe('What an element is stored as.'),
  }),
  create({ type }) {
    const kind = type === 'int4_per_token_head' ? 'int4' : type === 'int8_per_token_head' ? 'int8' : 'fp8';
    const requantise = { int8: requantiseInt8, int4: requantiseInt4, fp8: requantiseFp8 }[kind];
    const store = (exact: Float32Array, headDim: number): Float32Array => {
      const halves = toHalves(exact);
      for (let start = 0; start < halves.length; start += headDim) requantise(halves.subarray(start, start + headDim));
      return halves;
    };
    return {
      title: `vLLM ${type}`,
      refusal: ({ headDim }) =>
        kind === 'int4' && !(isPowerOfTwo(headDim) && headDim <= 32 * signs.length)
          ? `vLLM does not rotate heads of ${headDim} channels: int4_per_token_head needs a power of two up to ${32 * signs.length}.`
          : undefined,
      notes: () => ['Queries and sums stay in full precision.'],
      layerBytes: ({ kvHeads, headDim }, tokens) => ({
        ...noBytes,
        codes: (2 * kvHeads * tokens * headDim * bits[kind]) / 8,
        metadata: 2 * kvHeads * tokens * 4,
      }),
      store: ({ keys, values, headDim }) => ({ keys: store(keys, headDim), values: store(values, headDim) }),
    };
  },
});

function requantiseInt8(row: Float32Array): void {
  const scale = magnitudeScale(row, 127);
  const inverse = f(1 / scale);
  // Until June 2026 (vLLM #45361) codes were cut off towards zero here.
  for (let index = 0; index < row.length; index++)
    row[index] = Math.max(-128, Math.min(127, roundHalfEven(f(row[index]! * inverse)))) * scale;
}

function requantiseFp8(row: Float32Array): void {
  const scale = magnitudeScale(row, float8E4m3.max);
  const inverse = f(1 / scale);
  for (let index = 0; index < row.length; index++)
    row[index] = roundToFloat8(f(row[index]! * inverse), float8E4m3) * scale;
}

function magnitudeScale(row: Float32Array, range: number): number {
  let largest = 0;
  for (const value of row) largest = Math.max(largest, Math.abs(value));
  return Math.max(f(largest / range), smallestScale);
}

function requantiseInt4(row: Float32Array): void {
  for (let index = 0; index < row.length; index++) row[index]! *= rotationSign(index);
  walshHadamard(row, 0, row.length);
  row.set(toHalves(row));

  let low = Infinity;
  let high = -Infinity;
  for (const value of row) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = Math.max(f(f(high - low) / 15), smallestScale);
  const zero = clampCode(roundHalfAway(f(-low / scale)));
  const inverse = f(1 / scale);
  const read = withoutLowestBits(scale);
  for (let index = 0; index < row.length; index++) {
    const code = clampCode(roundHalfAway(f(f(row[index]! * inverse) + zero)));
    row[index] = (code - zero) * read;
  }

  walshHadamard(row, 0, row.length);
  for (let index = 0; index < row.length; index++) row[index]! *= rotationSign(index) / row.length;
}

const clampCode = (code: number): number => Math.max(0, Math.min(15, code));

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The scale as it is read: its four lowest mantissa bits hold the zero point. */
function withoutLowestBits(scale: number): number {
  float[0] = scale;
  word[0]! &= ~0xf;
  return float[0];
}

/**
 * The signs of the randomised transform: bit i is set where channel i keeps its sign. vLLM draws them with PyTorch's
 * generator and the fixed seed 0x9E3779B9, the same for every model; a smaller head uses the first ones.
 */
const signs = [
  0x6573590d, 0x808035b1, 0xa6443d6c, 0x6b7f5438, 0x4aa48b81, 0xabafc441, 0x320b9848, 0xfa2043a0, 0x4d6e1c33,
  0xa8a9c7cb, 0x1b951dda, 0x9803b359, 0x3038796e, 0xcd26200e, 0xc9a02476, 0x8a9dacb9,
] as const; // 512 channels

const rotationSign = (channel: number): number => ((signs[channel >> 5]! >>> (channel & 31)) & 1) * 2 - 1;
