import { roundHalfEven } from '../roundHalfEven.ts';

/** A binary floating-point format below float32. */
export interface Minifloat {
  readonly mantissaBits: number;
  /** Exponent of the smallest normal number, and of the subnormals. */
  readonly minExponent: number;
  readonly max: number;
}

export const float16: Minifloat = { mantissaBits: 10, minExponent: -14, max: 65_504 };
/** E4M3 of OCP (no infinities): https://arxiv.org/abs/2209.05433 */
export const float8E4m3: Minifloat = { mantissaBits: 3, minExponent: -6, max: 448 };
export const float8E5m2: Minifloat = { mantissaBits: 2, minExponent: -14, max: 57_344 };

/**
 * The number of a format nearest to a finite one, half to even, subnormals included. Beyond the largest number the result
 * is what rounding with a larger exponent gives: the caller saturates, or lets it overflow.
 */
export function roundToMinifloat(value: number, { mantissaBits, minExponent }: Minifloat): number {
  const quantum = 2 ** (Math.max(binaryExponent(value), minExponent) - mantissaBits);
  const magnitude = roundHalfEven(Math.abs(value) / quantum) * quantum; // both exact: a power of two
  return value < 0 || Object.is(value, -0) ? -magnitude : magnitude;
}

/** The integer nearest to a number, half away from zero: C's `roundf`. */
export function roundHalfAway(value: number): number {
  // Not `floor(|x| + 0.5)`: for the double just below 0.5 that sum is 1.
  const magnitude = Math.abs(value);
  const below = Math.floor(magnitude);
  return Math.sign(value) * (magnitude - below >= 0.5 ? below + 1 : below);
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** floor(log2(|value|)) of a normal double; that of zero is far below every format's smallest. */
function binaryExponent(value: number): number {
  double[0] = value;
  return ((words[1]! >>> 20) & 0x7ff) - 1023; // little-endian, as every platform of Node.js
}
