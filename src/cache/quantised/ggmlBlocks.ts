import { roundHalfAway } from './minifloat.ts';
import { roundToHalf } from './float16.ts';

export const ggmlTypes = ['f16', 'q8_0', 'q5_1', 'q5_0', 'q4_1', 'q4_0', 'iq4_nl'] as const;
export type GgmlType = (typeof ggmlTypes)[number];

/** Elements that share a scale; they lie next to each other in one head of one token. */
export const ggmlBlockSize = 32;

/** A block format of ggml. */
export interface GgmlBlock {
  /** Bits of one code. */
  readonly bits: number;
  /** Bytes of scale and offset of one block. */
  readonly metadataBytes: number;
  /** Writes the dequantised elements of the block that starts at `start` over the exact ones. */
  requantise(values: Float32Array, start: number): void;
}

const f = Math.fround;

/**
 * The block formats with the arithmetic of ggml's reference functions, `quantize_row_*_ref` and `dequantize_row_*` of
 * ggml-quants.c (float32, no fused multiply-add), which its CUDA kernels share. Its vectorised CPU code rounds
 * halves of q8_0 to even and takes reciprocals in another order, so single codes may differ there.
 */
export const ggmlBlocks: Readonly<Record<Exclude<GgmlType, 'f16'>, GgmlBlock>> = {
  q8_0: { bits: 8, metadataBytes: 2, requantise: q8 },
  q5_1: { bits: 5, metadataBytes: 4, requantise: (values, start) => withOffset(values, start, 31) },
  q5_0: { bits: 5, metadataBytes: 2, requantise: (values, start) => withoutOffset(values, start, 16) },
  q4_1: { bits: 4, metadataBytes: 4, requantise: (values, start) => withOffset(values, start, 15) },
  q4_0: { bits: 4, metadataBytes: 2, requantise: (values, start) => withoutOffset(values, start, 8) },
  iq4_nl: { bits: 4, metadataBytes: 2, requantise: nonLinear },
};

const reciprocal = (scale: number): number => (scale === 0 ? 0 : f(1 / scale));

function q8(values: Float32Array, start: number): void {
  const scale = f(Math.abs(largest(values, start)) / 127);
  const inverse = reciprocal(scale);
  const stored = roundToHalf(scale);
  for (let index = start; index < start + ggmlBlockSize; index++)
    values[index] = roundHalfAway(f(values[index]! * inverse)) * stored;
}

/** Codes 0..2*zero-1 around a fixed zero; the largest magnitude gets the lowest code exactly. */
function withoutOffset(values: Float32Array, start: number, zero: number): void {
  const scale = f(largest(values, start) / -zero);
  const inverse = reciprocal(scale);
  const stored = roundToHalf(scale);
  for (let index = start; index < start + ggmlBlockSize; index++) {
    const code = Math.min(2 * zero - 1, Math.trunc(f(f(values[index]! * inverse) + (zero + 0.5))));
    values[index] = (code - zero) * stored;
  }
}

/** Codes 0..levels from the smallest to the largest element. */
function withOffset(values: Float32Array, start: number, levels: number): void {
  let low = Infinity;
  let high = -Infinity;
  for (let index = start; index < start + ggmlBlockSize; index++) {
    low = Math.min(low, values[index]!);
    high = Math.max(high, values[index]!);
  }
  const scale = f(f(high - low) / levels);
  const inverse = reciprocal(scale);
  const stored = roundToHalf(scale);
  const offset = roundToHalf(low);
  for (let index = start; index < start + ggmlBlockSize; index++) {
    const code = Math.min(levels, Math.trunc(f(f(f(values[index]! - low) * inverse) + 0.5)));
    values[index] = f(code * stored) + offset;
  }
}

/** The levels of iq4_nl, closer together around zero. */
const levels = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/** The scale is the least-squares fit of the chosen levels, each element weighted by its square. */
function nonLinear(values: Float32Array, start: number): void {
  const first = f(largest(values, start) / levels[0]!);
  const inverse = reciprocal(first);
  const chosen = new Float32Array(ggmlBlockSize);
  let product = 0;
  let square = 0;
  for (let index = 0; index < ggmlBlockSize; index++) {
    const value = values[start + index]!;
    const level = nearestLevel(f(value * inverse));
    const weight = f(value * value);
    chosen[index] = level;
    product = f(product + f(f(weight * level) * value));
    square = f(square + f(f(weight * level) * level));
  }
  const stored = roundToHalf(square > 0 ? f(product / square) : first);
  for (let index = 0; index < ggmlBlockSize; index++) values[start + index] = chosen[index]! * stored;
}

/** Of two levels at the same distance the higher one. */
function nearestLevel(value: number): number {
  let nearest = levels[0]!;
  for (const level of levels) if (Math.abs(value - level) <= Math.abs(value - nearest)) nearest = level;
  return nearest;
}

/** The element of the largest magnitude, with its sign; of equal ones the first. */
function largest(values: Float32Array, start: number): number {
  let found = values[start]!;
  for (let index = start + 1; index < start + ggmlBlockSize; index++)
    if (Math.abs(values[index]!) > Math.abs(found)) found = values[index]!;
  return found;
}
