import type { BlockValues } from './blockForm.ts';
import { readHalf } from './halfFloat.ts';

// Blocks of 32 weights with one scale d, and for the `_1` types one minimum m. Nibble layout: the low nibbles of the 16
// bytes are elements 0-15, the high nibbles elements 16-31.

/** w = d * (q - 8). */
export function decodeQ4_0(bytes: Uint8Array, blocks: number, { integers, scales }: BlockValues): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 18, to += 32) {
    scales[block] = readHalf(bytes, at);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 2 + i]!;
      integers[to + i] = (q & 15) - 8;
      integers[to + 16 + i] = (q >> 4) - 8;
    }
  }
}

/** w = d * q + m. */
export function decodeQ4_1(bytes: Uint8Array, blocks: number, { integers, scales, mins }: BlockValues): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 20, to += 32) {
    scales[block] = readHalf(bytes, at);
    mins![block] = readHalf(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 4 + i]!;
      integers[to + i] = q & 15;
      integers[to + 16 + i] = q >> 4;
    }
  }
}

/** w = d * (q - 16), bit 4 of q from the fifth-bit word. */
export function decodeQ5_0(bytes: Uint8Array, blocks: number, { integers, scales }: BlockValues): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 22, to += 32) {
    scales[block] = readHalf(bytes, at);
    decodeFiveBits(bytes, at + 2, 16, integers, to);
  }
}

/** w = d * q + m, bit 4 of q from the fifth-bit word. */
export function decodeQ5_1(bytes: Uint8Array, blocks: number, { integers, scales, mins }: BlockValues): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 24, to += 32) {
    scales[block] = readHalf(bytes, at);
    mins![block] = readHalf(bytes, at + 2);
    decodeFiveBits(bytes, at + 4, 0, integers, to);
  }
}

/** w = d * q, q int8. */
export function decodeQ8_0(bytes: Uint8Array, blocks: number, { integers, scales }: BlockValues): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 34, to += 32) {
    scales[block] = readHalf(bytes, at);
    for (let i = 0; i < 32; i++) integers[to + i] = bytes[at + 2 + i]!;
  }
}

/** The fifth-bit word at `at`, then 16 bytes of nibbles. */
function decodeFiveBits(bytes: Uint8Array, at: number, zero: number, integers: Int8Array, to: number): void {
  const fifth = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 4 + i]!;
    integers[to + i] = ((q & 15) | (((fifth >>> i) & 1) << 4)) - zero;
    integers[to + 16 + i] = ((q >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) - zero;
  }
}
