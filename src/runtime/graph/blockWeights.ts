import type { BlockShape, BlockValues } from '../weights/blockForm.ts';
import type { GraphBuilder, WeightWriter } from './graphBuilder.ts';
import { offsetBytes, packNibbles, type Nibble } from './nibbles.ts';
import { elementType } from './onnxModel.ts';

/** A quantised matrix that is read in slices of whole rows when it is written into the graph. */
export interface BlockMatrix extends BlockShape {
  readonly kind: 'blocks';
  readonly rows: number;
  readonly cols: number;
  /** Slices in row order; each is valid until the next one is asked for. Can be called again. */
  slices(): Iterable<BlockValues>;
}

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
      write({ scales, mins }) {
        const offsets = mins?.slice() ?? new Float32Array(scales.length);
        if (shift !== 0) for (let i = 0; i < offsets.length; i++) offsets[i]! += shift * scales[i]!;
        writer.append(offsets);
      },
    });
    return name;
  }

  /** Nibbles in the order of MatMulNBits: uint8 [rows, blocks, blockSize / 2]. */
  blockNibbles(role: string, nibble: Nibble): string {
    return this.#nibbles(role, [this.#blocks, this.matrix.blockSize / 2], nibble);
  }

  /** The same bytes in the shape that GatherBlockQuantized wants: uint8 [rows, cols / 2]. */
  rowNibbles(role: string, nibble: Nibble): string {
    return this.#nibbles(role, [this.matrix.cols / 2], nibble);
  }

  /** `integer + 128`, uint8 [rows, cols]. */
  bytes(role: string): string {
    const { name, writer } = this.#reserve(role, [this.matrix.cols], elementType.uint8);
    this.#parts.push({ write: ({ integers }) => writer.append(offsetBytes(integers)) });
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

  #nibbles(role: string, perRow: readonly number[], nibble: Nibble): string {
    const { name, writer } = this.#reserve(role, perRow, elementType.uint8);
    this.#parts.push({ write: ({ integers }) => writer.append(packNibbles(integers, nibble)) });
    return name;
  }

  #reserve(role: string, perRow: readonly number[], type: typeof elementType.float | typeof elementType.uint8) {
    const name = `${this.name}.${role}`;
    return { name, writer: this.graph.reserve(name, [this.matrix.rows, ...perRow], type) satisfies WeightWriter };
  }
}
