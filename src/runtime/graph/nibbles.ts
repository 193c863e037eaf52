/**
 * Which four bits of an 8-bit integer v are stored, always with the kernels' implicit zero point 8 or for an explicit one:
 * - `low`: v as it is, in 0..15 (or the low nibble of a larger v).
 * - `low-signed`: v + 8 for v in -8..7; of a larger v the part b of `v = 16 a + b`, b in -8..7.
 * - `high-signed`: a + 8 of the same split, for v in -136..119.
 * - `high`: a + 8 of `v = 16 a + b`, b in 0..15.
 */
export type Nibble = 'low' | 'low-signed' | 'high' | 'high-signed';

// Four integers at a time, one in each byte of a 32-bit word.
const everyByte = 0x01010101;
const lowNibbles = 0x0f * everyByte;
const signBits = 0x80 * everyByte;
const eights = 0x08 * everyByte;

/** Nibbles of `integers` (a multiple of four of them, aligned), two in a byte, element 2i in the low half of byte i. */
export function packNibbles(integers: Int8Array, nibble: Nibble): Uint8Array {
  const words = new Uint32Array(integers.buffer, integers.byteOffset, integers.length / 4);
  const packed = new Uint16Array(words.length);
  const isHigh = nibble === 'high' || nibble === 'high-signed';
  const shift = isHigh ? 4 : 0;
  const flipped = nibble === 'low' ? 0 : eights; // x + 8 of a signed nibble is x with its top bit flipped
  const rounding = nibble === 'high-signed' ? eights : 0;
  for (let i = 0; i < words.length; i++) {
    let word = words[i]!;
    // Adds to each byte without a carry into the next.
    word = ((word & ~signBits) + rounding) ^ (word & signBits);
    word = ((word >>> shift) & lowNibbles) ^ flipped;
    word |= word >>> 4; // bytes 0 and 2 now hold two nibbles each
    packed[i] = (word & 0xff) | ((word >>> 8) & 0xff00);
  }
  return new Uint8Array(packed.buffer);
}

/** `integer + 128` of each, four at a time as above. */
export function offsetBytes(integers: Int8Array): Uint8Array {
  const words = new Uint32Array(integers.buffer, integers.byteOffset, integers.length / 4);
  const shifted = new Uint32Array(words.length);
  for (let i = 0; i < words.length; i++) shifted[i] = words[i]! ^ signBits;
  return new Uint8Array(shifted.buffer);
}
