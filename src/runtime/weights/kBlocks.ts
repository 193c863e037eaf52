import type { BlockValues } from './blockForm.ts';
import { readHalf } from './halfFloat.ts';

// Super-blocks of 256 weights whose sub-blocks have small integer scales (and minima) under one or two half floats. The
// longest product (half float x 8-bit scale x 5-bit quant) has 24 significant bits, so it is exact in float32.

/** Sub-blocks of 16: w = d * scale * q - dmin * min, q of 2 bits. */
export function decodeQ2_K(bytes: Uint8Array, blocks: number, { integers, scales, mins }: BlockValues): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 84) {
    const d = readHalf(bytes, at + 80);
    const dmin = readHalf(bytes, at + 82);
    for (let sub = 0; sub < 16; sub++) {
      const packed = bytes[at + sub]!;
      scales[block * 16 + sub] = d * (packed & 15);
      mins![block * 16 + sub] = -dmin * (packed >> 4);
      // 128 weights share 32 bytes: sub-blocks 2s and 2s+1 are the bits 2s.. of their first and second half.
      const quants = at + 16 + (sub >> 3) * 32 + (sub & 1) * 16;
      const shift = ((sub >> 1) & 3) * 2;
      for (let i = 0; i < 16; i++) integers[to++] = (bytes[quants + i]! >> shift) & 3;
    }
  }
}

/** Sub-blocks of 16: w = d * (scale - 32) * (q - 4), the third bit of q from the high-bit bytes. */
export function decodeQ3_K(bytes: Uint8Array, blocks: number, { integers, scales }: BlockValues): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 110) {
    const d = readHalf(bytes, at + 108);
    const packed = at + 96;
    for (let sub = 0; sub < 16; sub++) {
      const low = sub < 8 ? bytes[packed + sub]! & 15 : bytes[packed + sub - 8]! >> 4;
      const high = (bytes[packed + 8 + (sub & 3)]! >> (2 * (sub >> 2))) & 3;
      scales[block * 16 + sub] = d * ((low | (high << 4)) - 32);
      const highBits = at + (sub & 1) * 16;
      const highBit = sub >> 1;
      const quants = at + 32 + (sub >> 3) * 32 + (sub & 1) * 16;
      const shift = ((sub >> 1) & 3) * 2;
      for (let i = 0; i < 16; i++) {
        const q = ((bytes[quants + i]! >> shift) & 3) | (((bytes[highBits + i]! >> highBit) & 1) << 2);
        integers[to++] = q - 4;
      }
    }
  }
}

/** Sub-blocks of 32: w = d * scale * q - dmin * min. */
export function decodeQ4_K(bytes: Uint8Array, blocks: number, out: BlockValues): void {
  const { integers } = out;
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 144) {
    decodeScalesAndMins(bytes, at, block, out);
    for (let sub = 0; sub < 8; sub++) {
      const quants = at + 16 + (sub >> 1) * 32;
      const shift = (sub & 1) * 4;
      for (let i = 0; i < 32; i++) integers[to++] = (bytes[quants + i]! >> shift) & 15;
    }
  }
}

/** As Q4_K with a fifth bit of q from the high-bit bytes. */
export function decodeQ5_K(bytes: Uint8Array, blocks: number, out: BlockValues): void {
  const { integers } = out;
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 176) {
    decodeScalesAndMins(bytes, at, block, out);
    for (let sub = 0; sub < 8; sub++) {
      const quants = at + 48 + (sub >> 1) * 32;
      const shift = (sub & 1) * 4;
      for (let i = 0; i < 32; i++) {
        integers[to++] = ((bytes[quants + i]! >> shift) & 15) | (((bytes[at + 16 + i]! >> sub) & 1) << 4);
      }
    }
  }
}

/** Sub-blocks of 16: w = d * scale * (q - 32), q of 6 bits, scale int8. */
export function decodeQ6_K(bytes: Uint8Array, blocks: number, { integers, scales }: BlockValues): void {
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 210) {
    const d = readHalf(bytes, at + 208);
    for (let sub = 0; sub < 16; sub++) scales[block * 16 + sub] = d * ((bytes[at + 192 + sub]! << 24) >> 24);
    for (let group = 0; group < 8; group++) {
      // 32 weights per group; four groups share 64 bytes of low nibbles and 32 bytes of high bit pairs.
      const half = group >> 2;
      const quarter = group & 3;
      const nibbles = at + half * 64 + (quarter & 1) * 32;
      const nibbleShift = (quarter >> 1) * 4;
      const pairs = at + 128 + half * 32;
      const pairShift = quarter * 2;
      for (let i = 0; i < 32; i++) {
        const q = ((bytes[nibbles + i]! >> nibbleShift) & 15) | (((bytes[pairs + i]! >> pairShift) & 3) << 4);
        integers[to++] = q - 32;
      }
    }
  }
}

/** The head of Q4_K and Q5_K: d, dmin, then the packed scales and minima of eight sub-blocks. */
function decodeScalesAndMins(bytes: Uint8Array, at: number, block: number, { scales, mins }: BlockValues): void {
  const d = readHalf(bytes, at);
  const dmin = readHalf(bytes, at + 2);
  for (let sub = 0; sub < 8; sub++) {
    scales[block * 8 + sub] = d * subScale(bytes, at + 4, sub);
    mins![block * 8 + sub] = -dmin * subMin(bytes, at + 4, sub);
  }
}

// Q4_K and Q5_K pack eight 6-bit scales and eight 6-bit minima into 12 bytes: the first four of each in the low six bits of
// bytes 0-3 and 4-7, the last four as nibbles of bytes 8-11 plus the top two bits of bytes 0-3 and 4-7.

function subScale(bytes: Uint8Array, scales: number, sub: number): number {
  if (sub < 4) return bytes[scales + sub]! & 63;
  return (bytes[scales + sub + 4]! & 15) | ((bytes[scales + sub - 4]! >> 6) << 4);
}

function subMin(bytes: Uint8Array, scales: number, sub: number): number {
  if (sub < 4) return bytes[scales + sub + 4]! & 63;
  return (bytes[scales + sub + 4]! >> 4) | ((bytes[scales + sub]! >> 6) << 4);
}
