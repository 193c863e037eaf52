/**
 * The printable character that stands for each byte in the pieces of a byte-level vocabulary (Radford et al. 2019, GPT-2):
 * visible Latin-1 characters stand for themselves, the other 68 bytes for U+0100 and the characters after it.
 */
export const charOfByte: readonly string[] = Array.from(
  (function* () {
    let substitute = 0x100;
    for (let byte = 0; byte < 256; byte++) {
      const visible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
      yield String.fromCharCode(visible ? byte : substitute++);
    }
  })(),
);

const byteOfChar = new Map(charOfByte.map((char, byte) => [char, byte]));

/** Bytes of a piece; undefined when a character is outside the alphabet, as in some added tokens. */
export function bytesOfPiece(piece: string): Uint8Array | undefined {
  const bytes = new Uint8Array(piece.length);
  for (let i = 0; i < piece.length; i++) {
    const byte = byteOfChar.get(piece[i]!);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

/** Bytes that a piece of a byte-level vocabulary stands for; pieces outside the alphabet stand for themselves. */
export const byteLevelBytes = (piece: string): Uint8Array => bytesOfPiece(piece) ?? Buffer.from(piece, 'utf8');
