import type { BlockShape, BlockValues } from '../weights/blockForm.ts';
import type { GraphBuilder, WeightWriter } from './graphBuilder.ts';
import { elementType } from './onnxModel.ts';

/** A quantised matrix that is read in slices of whole rows when it is written into the graph. */
export interface BlockMatrix extends BlockShape {
  readonly kind: 'blocks';
  readonly rows: number;
  readonly cols: number;
  /** Slices in row order; each is valid until the next one is asked for. Can be called again. */
  slices(): Iterable<BlockValues>;
}

/** MatMulNBits and GatherBlockQuantized subtract these when they are given no zero points. */
export const implicitZero = { 4: 8, 8: 128 } as const;

/** Writes one part of a matrix's slices while they pass by. */
interface Part {
  write(slice: BlockValues): void;
}

/** A tensor name for each part of a block matrix that the kernels take apart. Shapes: rows x blocks of columns. */
export class BlockWeights {
  readonly #parts: Part[] = [];
  readonly #blocks: number;

  constructor(
    readonly graph: GraphBuilder,
    readonly name: string,
    readonly matrix: BlockMatrix,
  ) {
    this.#blocks = matrix.cols / matrix.blockSize;
  }

  /** float32 [rows, blocks]. */
  scales(): string {
    const { name, writer } = this.#reserve('scales', [this.#blocks], elementType.float);
    this.#parts.push({ write: ({ scales }) => writer.append(scales) });
    return name;
  }

  /** `min + shift * scale`, float32 [rows, blocks]. */
  offsets(shift: number): string {
    const { name, writer } = this.#reserve('offsets', [this.#blocks], elementType.float);
    this.#parts.push({
      write: ({ scales, mins }) => writer.append(scales.map((scale, i) => (mins?.[i] ?? 0) + shift * scale)),
    });
    return name;
  }

  /**
   * `nibble(integer)`, a value in 0..15, two in a byte, element 2i in the low half of byte i: uint8 [rows, cols / 2], or
   * [rows, blocks, blockSize / 2] `byBlock`, as MatMulNBits wants it.
   */
  nibbles(role: string, byBlock: boolean, nibble: (integer: number) => number): string {
    const { cols, blockSize } = this.matrix;
    const perRow = byBlock ? [this.#blocks, blockSize / 2] : [cols / 2];
    const { name, writer } = this.#reserve(role, perRow, elementType.uint8);
    const table = Uint8Array.from({ length: 256 }, (_, i) => nibble((i << 24) >> 24)); // by the integer's byte
    this.#parts.push({
      write({ integers }) {
        const bytes = new Uint8Array(integers.buffer, integers.byteOffset, integers.length);
        const packed = new Uint8Array(bytes.length / 2);
        for (let i = 0; i < packed.length; i++) packed[i] = table[bytes[2 * i]!]! | (table[bytes[2 * i + 1]!]! << 4);
        writer.append(packed);
      },
    });
    return name;
  }

  /** `integer + 128`, uint8 [rows, cols]. */
  bytes(role: string): string {
    const { name, writer } = this.#reserve(role, [this.matrix.cols], elementType.uint8);
    this.#parts.push({ write: ({ integers }) => writer.append(Uint8Array.from(integers, (q) => q + implicitZero[8])) });
    return name;
  }

  /** Explicit 4-bit zero points of 0, for integers that are stored without a shift: uint8 [rows, blocks / 2]. */
  zeroPoints(): string {
    const name = `${this.name}.zero_points`;
    const perRow = Math.ceil(this.#blocks / 2);
    return this.graph.weight(name, [this.matrix.rows, perRow], new Uint8Array(this.matrix.rows * perRow));
  }

  /** Reads the matrix once and writes all parts asked for. */
  write(): void {
    for (const slice of this.matrix.slices()) for (const part of this.#parts) part.write(slice);
  }

  #reserve(role: string, perRow: readonly number[], type: typeof elementType.float | typeof elementType.uint8) {
    const name = `${this.name}.${role}`;
    return { name, writer: this.graph.reserve(name, [this.matrix.rows, ...perRow], type) satisfies WeightWriter };
  }
}
