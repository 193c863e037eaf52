import { roundToHalf } from './float16.ts';
import { roundHalfEven } from '../roundHalfEven.ts';

/**
 * Asymmetric quantisation in half-precision arithmetic, every step rounded, as KIVI and quanto do on fp16 activations:
 * scale (max - min) / (2^bits - 1) and minimum are stored as fp16. Replaces by what is read back the `size` elements
 * (halves) that start at `start`, `stride` apart.
 */
export function requantiseHalves(
  values: Float32Array,
  start: number,
  stride: number,
  size: number,
  bits: number,
): void {
  const end = start + size * stride;
  let low = Infinity;
  let high = -Infinity;
  for (let index = start; index < end; index += stride) {
    low = Math.min(low, values[index]!);
    high = Math.max(high, values[index]!);
  }
  const levels = 2 ** bits - 1;
  const scale = roundToHalf(roundToHalf(high - low) / levels);
  for (let index = start; index < end; index += stride) {
    // A group without range has scale 0; its code is 0 / 0, which converts to 0.
    const exact = scale === 0 ? 0 : roundToHalf(roundToHalf(values[index]! - low) / scale);
    const code = Math.min(levels, roundHalfEven(exact));
    values[index] = roundToHalf(roundToHalf(code * scale) + low);
  }
}
