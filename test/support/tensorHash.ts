import { createHash } from 'node:crypto';

/** A copy after adding +0.0, which turns -0 into +0: the references do not tell them apart. */
export function withoutNegativeZero(values: Float32Array): Float32Array {
  return values.map((value) => value + 0);
}

/** `sha256_f32` of the references: SHA-256 of the little-endian float32 values after adding +0.0. */
export function hashFloats(values: Float32Array): string {
  const normalised = withoutNegativeZero(values);
  return createHash('sha256').update(new Uint8Array(normalised.buffer)).digest('hex');
}
