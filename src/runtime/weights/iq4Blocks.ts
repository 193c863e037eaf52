import type { BlockValues } from './blockForm.ts';
import { readHalf } from './halfFloat.ts';

/** The 16 non-linear levels of the IQ4 types (`kvalues_iq4nl` of ggml). */
const LEVELS = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

/** Blocks of 32: w = d * LEVELS[q]; nibble layout as Q4_0. */
export function decodeIQ4_NL(bytes: Uint8Array, blocks: number, { integers, scales }: BlockValues): void {
  for (let block = 0, at = 0; block < blocks; block++, at += 18) {
    scales[block] = readHalf(bytes, at);
    decodeLevels(bytes, at + 2, integers, block * 32);
  }
}

/** Super-blocks of 256 in sub-blocks of 32: w = d * (scale - 32) * LEVELS[q], scale of 6 bits. */
export function decodeIQ4_XS(bytes: Uint8Array, blocks: number, { integers, scales }: BlockValues): void {
  for (let block = 0, at = 0; block < blocks; block++, at += 136) {
    const d = readHalf(bytes, at);
    const highBits = bytes[at + 2]! | (bytes[at + 3]! << 8);
    for (let sub = 0; sub < 8; sub++) {
      const low = (bytes[at + 4 + (sub >> 1)]! >> ((sub & 1) * 4)) & 15;
      const high = (highBits >> (2 * sub)) & 3;
      scales[block * 8 + sub] = d * ((low | (high << 4)) - 32);
      decodeLevels(bytes, at + 8 + sub * 16, integers, block * 256 + sub * 32);
    }
  }
}

function decodeLevels(bytes: Uint8Array, at: number, integers: Int8Array, to: number): void {
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + i]!;
    integers[to + i] = LEVELS[q & 15]!;
    integers[to + 16 + i] = LEVELS[q >> 4]!;
  }
}
