/**
 * Which entries of the system turn a variant keeps: one bit per layer, KV head and position.
 * Row (layer, head) takes `ceil(seqLen / 8)` bytes; position j is bit `j & 7` of byte `j >> 3`.
 */
export class KeptSet {
  readonly rowBytes: number;
  readonly bits: Uint8Array; // [layers, kvHeads, rowBytes]

  constructor(
    readonly layers: number,
    readonly kvHeads: number,
    readonly seqLen: number,
    bits?: Uint8Array,
  ) {
    this.rowBytes = Math.ceil(seqLen / 8);
    const length = layers * kvHeads * this.rowBytes;
    if (bits !== undefined && bits.length !== length) {
      throw new RangeError(`A kept set of ${layers} x ${kvHeads} x ${seqLen} needs ${length} bytes, got ${bits.length}.`);
    }
    this.bits = bits ?? new Uint8Array(length);
  }

  has(layer: number, head: number, position: number): boolean {
    return ((this.bits[this.#byte(layer, head, position)] ?? 0) & (1 << (position & 7))) !== 0;
  }

  /** Marks one entry as kept. Mutates. */
  add(layer: number, head: number, position: number): void {
    const byte = this.#byte(layer, head, position);
    this.bits[byte] = (this.bits[byte] ?? 0) | (1 << (position & 7));
  }

  #byte(layer: number, head: number, position: number): number {
    return (layer * this.kvHeads + head) * this.rowBytes + (position >> 3);
  }
}
