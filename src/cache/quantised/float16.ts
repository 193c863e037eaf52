import { float16, roundToMinifloat } from './minifloat.ts';

/**
 * The half-precision number (IEEE 754 binary16) nearest to a number, half to even; infinite from 65,520 on, as hardware
 * rounds. Exact for every double: operations on halves may be done in doubles and rounded once, because 53 >= 2 x 11 + 2
 * bits make the second rounding harmless.
 */
export function roundToHalf(value: number): number {
  if (!Number.isFinite(value)) return value;
  const rounded = roundToMinifloat(value, float16);
  return Math.abs(rounded) > float16.max ? Math.sign(rounded) * Infinity : rounded;
}

/** Every element as a cache in 16 bits holds it. */
export const toHalves = (values: Float32Array): Float32Array => values.map(roundToHalf);
