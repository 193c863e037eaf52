/** A binary floating-point format below float32. */
export interface Minifloat {
  readonly max: number;
  /** For each exponent field of a double, 1.5 x 2^52 times the distance between numbers of the format there. */
  readonly anchors: Float64Array; // [2048]
}

function minifloat(mantissaBits: number, minExponent: number, max: number): Minifloat {
  const anchors = Float64Array.from({ length: 2048 }, (_, field) => {
    const exponent = Math.max(field - 1023, minExponent);
    return exponent > 128 ? 0 : 1.5 * 2 ** (52 + exponent - mantissaBits); // from there on the caller's limit decides
  });
  return { max, anchors };
}

export const float16 = minifloat(10, -14, 65_504);
/** E4M3 of OCP (no infinities): https://arxiv.org/abs/2209.05433 */
export const float8E4m3 = minifloat(3, -6, 448);
export const float8E5m2 = minifloat(2, -14, 57_344);

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/**
 * The number of a format nearest to a finite one, half to even, subnormals included. Beyond the largest number the result
 * is what rounding with a larger exponent gives: the caller saturates, or lets it overflow.
 */
export function roundToMinifloat(value: number, { anchors }: Minifloat): number {
  const magnitude = Math.abs(value);
  double[0] = magnitude;
  const anchor = anchors[words[1]! >>> 20]!; // little-endian, as every platform of Node.js
  // Next to the anchor, doubles are as far apart as numbers of the format: the addition rounds, the subtraction is exact.
  const rounded = magnitude + anchor - anchor;
  return value < 0 || Object.is(value, -0) ? -rounded : rounded;
}

/** The integer nearest to a number, half away from zero: C's `roundf`. */
export function roundHalfAway(value: number): number {
  // Not `floor(|x| + 0.5)`: for the double just below 0.5 that sum is 1.
  const magnitude = Math.abs(value);
  const below = Math.floor(magnitude);
  return Math.sign(value) * (magnitude - below >= 0.5 ? below + 1 : below);
}
