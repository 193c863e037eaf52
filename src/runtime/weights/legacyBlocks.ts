import { readHalf } from './halfFloat.ts';

// Blocks of 32 weights with one scale d, and for the `_1` types one minimum m. Nibble layout: the low nibbles of the 16
// bytes are elements 0-15, the high nibbles elements 16-31. Products of a half float and a small integer are exact in
// float32 and in float64, so arithmetic in float64 with one rounding at the store equals ggml's float32 arithmetic.

/** w = d * (q - 8). `out` is overwritten. */
export function dequantiseQ4_0(bytes: Uint8Array, blocks: number, out: Float32Array): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 18, to += 32) {
    const d = readHalf(bytes, at);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 2 + i]!;
      out[to + i] = d * ((q & 15) - 8);
      out[to + 16 + i] = d * ((q >> 4) - 8);
    }
  }
}

/** w = d * q + m. `out` is overwritten. */
export function dequantiseQ4_1(bytes: Uint8Array, blocks: number, out: Float32Array): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 20, to += 32) {
    const d = readHalf(bytes, at);
    const m = readHalf(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 4 + i]!;
      out[to + i] = d * (q & 15) + m;
      out[to + 16 + i] = d * (q >> 4) + m;
    }
  }
}

/** w = d * (q - 16), bit 4 of q from the fifth-bit word. `out` is overwritten. */
export function dequantiseQ5_0(bytes: Uint8Array, blocks: number, out: Float32Array): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 22, to += 32) {
    const d = readHalf(bytes, at);
    const fifth = readUint32(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 6 + i]!;
      out[to + i] = d * (((q & 15) | (((fifth >>> i) & 1) << 4)) - 16);
      out[to + 16 + i] = d * (((q >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) - 16);
    }
  }
}

/** w = d * q + m, bit 4 of q from the fifth-bit word. `out` is overwritten. */
export function dequantiseQ5_1(bytes: Uint8Array, blocks: number, out: Float32Array): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 24, to += 32) {
    const d = readHalf(bytes, at);
    const m = readHalf(bytes, at + 2);
    const fifth = readUint32(bytes, at + 4);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 8 + i]!;
      out[to + i] = d * ((q & 15) | (((fifth >>> i) & 1) << 4)) + m;
      out[to + 16 + i] = d * ((q >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) + m;
    }
  }
}

/** w = d * q, q int8. `out` is overwritten. */
export function dequantiseQ8_0(bytes: Uint8Array, blocks: number, out: Float32Array): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 34, to += 32) {
    const d = readHalf(bytes, at);
    for (let i = 0; i < 32; i++) out[to + i] = d * ((bytes[at + 2 + i]! << 24) >> 24);
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
