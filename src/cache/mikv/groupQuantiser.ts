import { roundToHalf } from '../quantised/float16.ts';
import { float16 } from '../quantised/minifloat.ts';
import { roundHalfEven } from '../roundHalfEven.ts';

export const quantisedBits = [2, 3, 4, 8] as const;
export type QuantisedBits = (typeof quantisedBits)[number];

/** Smallest step, the smallest half: what a group of equal elements gets. */
const smallestStep = 2 ** -24;

/** Elements on a uniform grid per group: `alpha * code + beta`. */
export interface QuantisedGroups {
  readonly groupSize: number;
  readonly codes: Uint8Array; // [elements], 0 to 2^bits - 1
  /** The step of each group, a half. */
  readonly alpha: Float32Array; // [elements / groupSize]
  /** The lowest grid point of each group, a half. */
  readonly beta: Float32Array; // [elements / groupSize]
}

/**
 * Asymmetric round-to-nearest quantisation of consecutive groups (MiKV, arXiv 2402.18096). Alpha and beta are rounded to
 * the halves that are stored before codes are taken, so that codes are the nearest points of the grid that is read; the
 * paper leaves this and the rounding open: half to even. Arithmetic is float32.
 */
export function quantiseGroups(values: Float32Array, groupSize: number, bits: QuantisedBits): QuantisedGroups {
  const levels = 2 ** bits - 1;
  const groups = values.length / groupSize;
  const codes = new Uint8Array(values.length);
  const alpha = new Float32Array(groups);
  const beta = new Float32Array(groups);
  for (let group = 0; group < groups; group++) {
    const start = group * groupSize;
    let low = Infinity;
    let high = -Infinity;
    for (let index = start; index < start + groupSize; index++) {
      low = Math.min(low, values[index]!);
      high = Math.max(high, values[index]!);
    }
    const step = Math.max(roundToHalf(Math.fround(Math.fround(high - low) / levels)), smallestStep);
    const offset = Math.max(-float16.max, Math.min(float16.max, roundToHalf(low)));
    for (let index = start; index < start + groupSize; index++) {
      const steps = Math.fround(Math.fround(values[index]! - offset) / step);
      codes[index] = Math.max(0, Math.min(levels, roundHalfEven(steps)));
    }
    alpha[group] = step;
    beta[group] = offset;
  }
  return { groupSize, codes, alpha, beta };
}

/** The elements as they are read back. */
export function dequantiseGroups({ groupSize, codes, alpha, beta }: QuantisedGroups): Float32Array {
  const values = new Float32Array(codes.length);
  for (let index = 0; index < codes.length; index++) {
    const group = Math.floor(index / groupSize);
    values[index] = Math.fround(alpha[group]! * codes[index]!) + beta[group]!;
  }
  return values;
}
