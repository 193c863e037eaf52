/** The pieces of a vocabulary by id and by text. */
export interface Vocabulary {
  /** The index is the id; undefined where an id has no piece. */
  readonly pieces: readonly (string | undefined)[];
  /** Id of a piece, the first where several ids have the same. */
  readonly ids: ReadonlyMap<string, number>;
  /** Control and unknown tokens: no ordinary text becomes one of these. */
  isSpecial(id: number): boolean;
}

/** Id of a piece that ordinary text may become; undefined when there is none. */
export function ordinaryId(vocabulary: Vocabulary, piece: string): number | undefined {
  const id = vocabulary.ids.get(piece);
  return id === undefined || vocabulary.isSpecial(id) ? undefined : id;
}

const byteNames = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
const byteOfName = new Map(byteNames.map((name, byte) => [name, byte]));

/** The byte that a fallback piece such as `<0x0A>` stands for; undefined for other pieces. */
export const fallbackByte = (piece: string): number | undefined => byteOfName.get(piece);

/** Ids of the fallback pieces `<0x00>` to `<0xFF>`; -1 where the vocabulary lacks one. */
export const byteFallbackIds = ({ ids }: Vocabulary): Int32Array =>
  Int32Array.from(byteNames, (name) => ids.get(name) ?? -1);
