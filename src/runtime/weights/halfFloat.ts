/** IEEE 754 binary16 to float; exact. */
export function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24; // zero and subnormals
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Every binary16 value by its bits: a look-up is several times faster than decoding, and every block has one or two. */
export const halfValues: Float32Array = Float32Array.from({ length: 0x10000 }, (_, bits) => decodeHalf(bits)); // [65536]

/** The half float at a byte offset, little-endian. */
export function readHalf(bytes: Uint8Array, offset: number): number {
  return halfValues[bytes[offset]! | (bytes[offset + 1]! << 8)]!;
}
