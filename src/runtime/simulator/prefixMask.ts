import type { KeptSet } from '../../cache/keptSet.ts';
import type { Mask } from '../languageModel.ts';
import { masked } from '../graph/signature.ts';

/** Shape of the prefix that masks refer to. */
export interface PrefixShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly seqLen: number;
}

/** The entries that one row cannot see: bit per layer, KV head and position, laid out like a `KeptSet`. */
export class HiddenEntries {
  readonly rowBytes: number;
  readonly bits: Uint8Array; // [layers, kvHeads, rowBytes]

  constructor(readonly shape: PrefixShape) {
    this.rowBytes = Math.ceil(shape.seqLen / 8);
    this.bits = new Uint8Array(shape.layers * shape.kvHeads * this.rowBytes);
  }

  get isEmpty(): boolean {
    return this.bits.every((byte) => byte === 0);
  }

  /** Equal for equal sets: rows that hide the same entries need only one run. */
  get key(): string {
    return Buffer.from(this.bits.buffer, this.bits.byteOffset, this.bits.byteLength).toString('latin1');
  }
}

/** Which entries a mask hides, given the kept sets of the prefix's variants. */
export function hiddenEntries(mask: Mask, shape: PrefixShape, keptOf: (variant: number) => KeptSet): HiddenEntries {
  const hidden = new HiddenEntries(shape);
  if (mask.kind === 'none') return hidden;
  const { rowBytes, bits } = hidden;
  const rows = shape.layers * shape.kvHeads;
  const kept = mask.kind === 'positions' ? null : keptOf(mask.variant).bits;
  const selected = selectedPositions(mask, shape, rowBytes);
  for (let row = 0; row < rows; row++) {
    for (let byte = 0; byte < rowBytes; byte++) {
      const at = row * rowBytes + byte;
      bits[at] = kept === null ? selected[byte]! : selected[byte]! & ~kept[at]!;
    }
  }
  return hidden;
}

/** Bit per position: those whose evictions a mask shows, whatever the layer. */
function selectedPositions(mask: Exclude<Mask, { kind: 'none' }>, { seqLen }: PrefixShape, bytes: number): Uint8Array {
  const selected = new Uint8Array(bytes);
  const isAllBut = mask.kind === 'variant' || mask.kind === 'variant-restored';
  for (let position = 0; isAllBut && position < seqLen; position++) selected[position >> 3]! |= 1 << (position & 7);
  for (const position of mask.kind === 'variant' ? [] : mask.positions) {
    if (position < 0 || position >= seqLen) {
      throw new RangeError(`Position ${position} is outside a prefix of ${seqLen} tokens.`);
    }
    const bit = 1 << (position & 7);
    if (isAllBut) selected[position >> 3]! &= ~bit;
    else selected[position >> 3]! |= bit;
  }
  return selected;
}

/** The additive bias of a batch, per layer [kv, b, p]. */
export function prefixBias(rows: readonly HiddenEntries[], shape: PrefixShape): Float32Array[] {
  const { layers, kvHeads, seqLen } = shape;
  return Array.from({ length: layers }, (_, layer) => {
    const bias = new Float32Array(kvHeads * rows.length * seqLen);
    for (const [index, { bits, rowBytes }] of rows.entries()) {
      for (let head = 0; head < kvHeads; head++) {
        const from = (layer * kvHeads + head) * rowBytes;
        const to = (head * rows.length + index) * seqLen;
        for (let position = 0; position < seqLen; position++) {
          if ((bits[from + (position >> 3)]! & (1 << (position & 7))) !== 0) bias[to + position] = masked;
        }
      }
    }
    return bias;
  });
}
