/**
 * Which entries of the system turn a variant keeps: one bit per layer, KV head and position.
 * Layers that a policy left alone (slidingLayers.ts) keep everything. Row (layer, head) takes `ceil(seqLen / 8)` bytes; position j is bit `j & 7` of byte `j >> 3`.
 */
export class KeptSet {
  readonly rowBytes: number;
  readonly bits: Uint8Array; // [layers, kvHeads, rowBytes]

  constructor(
    readonly layers: number,
    readonly kvHeads: number,
    readonly seqLen: number,
    bits?: Uint8Array,
    /** Layers that the policy compressed. */
    readonly compressedLayers: readonly number[] = Array.from({ length: layers }, (_, layer) => layer),
  ) {
    this.rowBytes = Math.ceil(seqLen / 8);
    const length = layers * kvHeads * this.rowBytes;
    if (bits !== undefined && bits.length !== length) {
      throw new RangeError(
        `A kept set of ${layers} x ${kvHeads} x ${seqLen} needs ${length} bytes, got ${bits.length}.`,
      );
    }
    this.bits = bits ?? new Uint8Array(length);
  }

  /** Every entry kept: the cache of ratio 0. */
  static full(layers: number, kvHeads: number, seqLen: number, compressedLayers?: readonly number[]): KeptSet {
    const kept = new KeptSet(layers, kvHeads, seqLen, undefined, compressedLayers);
    kept.bits.fill(0xff);
    if (seqLen % 8 !== 0)
      for (let last = kept.rowBytes - 1; last < kept.bits.length; last += kept.rowBytes)
        kept.bits[last] = lastByteMask(seqLen);
    return kept;
  }

  /**
   * A kept set from a bitmap of unknown origin, in the layout above, copied.
   *
   * @throws RangeError when the size differs or a bit after the last position of a row is set.
   */
  static fromBitmap(layers: number, kvHeads: number, seqLen: number, bits: Uint8Array): KeptSet {
    const kept = new KeptSet(layers, kvHeads, seqLen, Uint8Array.from(bits));
    for (let last = kept.rowBytes - 1; last < bits.length; last += kept.rowBytes) {
      if ((bits[last]! & ~lastByteMask(seqLen)) !== 0)
        throw new RangeError(`A kept set of ${seqLen} positions has bits after its last position.`);
    }
    return kept;
  }

  has(layer: number, head: number, position: number): boolean {
    return ((this.bits[this.#byte(layer, head, position)] ?? 0) & (1 << (position & 7))) !== 0;
  }

  /** Marks one entry as kept. Mutates. */
  add(layer: number, head: number, position: number): void {
    const byte = this.#byte(layer, head, position);
    this.bits[byte] = (this.bits[byte] ?? 0) | (1 << (position & 7));
  }

  /** Keeps nothing of one row. Mutates. */
  clear(layer: number, head: number): void {
    const start = this.#byte(layer, head, 0);
    this.bits.fill(0, start, start + this.rowBytes);
  }

  /** The kept positions of one row, ascending. */
  positions(layer: number, head: number): Int32Array {
    const positions = new Int32Array(this.countKept(layer, head));
    let filled = 0;
    for (let position = 0; filled < positions.length; position++)
      if (this.has(layer, head, position)) positions[filled++] = position;
    return positions;
  }

  /** Kept entries of the whole set, or of one row. */
  countKept(): number;
  countKept(layer: number, head: number): number;
  countKept(layer?: number, head?: number): number {
    const start = layer === undefined || head === undefined ? 0 : this.#byte(layer, head, 0);
    const end = layer === undefined ? this.bits.length : start + this.rowBytes;
    let count = 0;
    for (let byte = start; byte < end; byte++) count += bitCounts[this.bits[byte]!]!;
    return count;
  }

  #byte(layer: number, head: number, position: number): number {
    return (layer * this.kvHeads + head) * this.rowBytes + (position >> 3);
  }
}

const bitCounts = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** The bits of a row's last byte that stand for positions. */
const lastByteMask = (seqLen: number): number => 0xff >> (7 - ((seqLen - 1) & 7));
