import type { BlockShape } from '../weights/blockForm.ts';
import { BlockWeights, type BlockMatrix } from './blockWeights.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import type { Nibble } from './nibbles.ts';
import { elementType } from './onnxModel.ts';

/** A float32 matrix that is read in slices of whole rows when it is written into the graph. */
export interface FloatMatrix {
  readonly kind: 'float';
  readonly rows: number;
  readonly cols: number;
  /** Slices in row order; each is valid until the next one is asked for. Can be called again. */
  slices(): Iterable<Float32Array>;
}

/** A matrix in the form in which it is executed. */
export type LinearMatrix = FloatMatrix | BlockMatrix;

/** A linear layer. */
export type LinearWeight = LinearMatrix & {
  readonly bias?: Float32Array; // [rows]
};

/** 0 = compute in float32. Level 4 (int8 activations) moves logits by up to 1.8, which looks like a compression effect. */
const accuracyLevel = 0;

/** What one 4-bit product can hold after the implicit zero point, and two with weights 16 and 1. */
/** MatMulNBits subtracts this from every 4-bit value when it is given no zero points. */
const implicitZeroPoint = 8;
const oneNibble = { low: -8, high: 7 };
const twoNibbles = { low: -136, high: 119 };

/** How a block matrix is taken apart into 4-bit products. */
interface BlockPlan {
  /** One product; or two of which the low nibble is signed, or unsigned with explicit zero points. */
  readonly products: 'one' | 'two' | 'two-unsigned';
  /** What the kernel's implicit zero point takes from every integer, and the offsets give back. */
  readonly shift: 0 | 8;
  /** Whether `(m + shift s) sum x` has to be added. */
  readonly hasOffsets: boolean;
}

function planBlocks({ low, high, hasMins }: BlockShape): BlockPlan {
  const fits = (range: typeof oneNibble): boolean => low >= range.low && high <= range.high;
  if (high - low < 16) {
    const shift = fits(oneNibble) ? 0 : implicitZeroPoint; // otherwise unsigned: 0..15
    return { products: 'one', shift, hasOffsets: hasMins || shift !== 0 };
  }
  return { products: fits(twoNibbles) ? 'two' : 'two-unsigned', shift: 0, hasOffsets: hasMins };
}

/** Bytes that a matrix takes in the weights file. */
export function linearBytes({ rows, cols }: { rows: number; cols: number }, shape: BlockShape | null): number {
  if (shape === null) return rows * cols * 4;
  const { products, hasOffsets } = planBlocks(shape);
  const quants = (shape.blockSize / 2) * (products === 'one' ? 1 : 2);
  const perBlock = quants + 4 + (hasOffsets ? 4 : 0) + (products === 'two-unsigned' ? 0.5 : 0);
  return Math.ceil((rows * cols) / shape.blockSize) * perBlock;
}

/**
 * Builds `y = x W^T + b` for activations `x [.., cols]`. Quantised weights run natively and exactly in 4-bit MatMulNBits,
 * which computes `sum_j s (q_j - 8) x_j` per block. With integers v, scale s and minimum m of a block:
 * - Up to 4 bits: one product with q = v - t + 8, plus `(m + t s) sum_j x_j`. The second term is a small product with the
 *   block sums of x, which layers that share an input share too; it is absent where t and m are 0.
 * - More: v = 16 a + b in two products, `16 x` with a and `x` with b, on the same scales. This is exact, 10 times faster
 *   than the 8-bit kernel at one row and 2.5 times at 32 rows (at 256 rows 1.3 times slower), and takes the same space.
 */
export class Linear {
  readonly #blockSums = new Map<string, string>();
  readonly #sixteenfold = new Map<string, string>();

  constructor(readonly graph: GraphBuilder) {}

  /** For `x [b, s, cols]`. */
  apply(x: string, name: string, weight: LinearWeight, output?: string): string {
    return this.#biased(x, name, weight, [0, 0], output);
  }

  /** The same for `x [n, cols]`. */
  applyToRows(x: string, name: string, weight: LinearWeight, output?: string): string {
    return this.#biased(x, name, weight, [0], output);
  }

  #biased(x: string, name: string, weight: LinearWeight, leading: readonly number[], output?: string): string {
    const { bias } = weight;
    if (bias === undefined) return this.#product(x, name, weight, leading, output);
    const added = this.graph.weight(`${name}.bias`, [weight.rows], bias);
    return this.graph.op('Add', [this.#product(x, name, weight, leading), added], {}, output);
  }

  #product(x: string, name: string, weight: LinearMatrix, leading: readonly number[], output?: string): string {
    if (weight.kind === 'float') {
      const w = writeFloatMatrix(this.graph, name, weight);
      return this.graph.microsoftOp('FusedMatMul', [x, w], { transB: 1 }, output);
    }
    const { products, shift, hasOffsets } = planBlocks(weight);
    const weights = new BlockWeights(this.graph, name, weight);
    const scales = weights.scales();
    const terms: ((to?: string) => string)[] = [];
    const addNibbles = (input: string, role: string, nibble: Nibble, zeroPoints?: string): void => {
      const inputs = [input, weights.blockNibbles(role, nibble), scales];
      if (zeroPoints !== undefined) inputs.push(zeroPoints);
      const { rows: N, cols: K, blockSize } = weight;
      const attributes = { K, N, bits: 4, block_size: blockSize, accuracy_level: accuracyLevel };
      terms.push((to) => this.graph.microsoftOp('MatMulNBits', inputs, attributes, to));
    };
    if (products === 'one') {
      addNibbles(x, 'quants', shift === 0 ? 'low-signed' : 'low');
    } else if (products === 'two') {
      addNibbles(this.#timesSixteen(x), 'high', 'high-signed');
      addNibbles(x, 'low', 'low-signed');
    } else {
      addNibbles(this.#timesSixteen(x), 'high', 'high');
      addNibbles(x, 'low', 'low', weights.zeroPoints());
    }
    if (hasOffsets) {
      const inputs = [this.#blockSum(x, leading, weight), weights.offsets(shift)];
      terms.push((to) => this.graph.microsoftOp('FusedMatMul', inputs, { transB: 1 }, to));
    }
    weights.write();
    // Add runs on all cores; Sum, which takes any number of terms, on one.
    const last = terms.pop()!;
    if (terms.length === 0) return last(output);
    const sum = terms.map((term) => term()).reduce((some, term) => this.graph.op('Add', [some, term]));
    return this.graph.op('Add', [sum, last()], {}, output);
  }

  #timesSixteen(x: string): string {
    const known = this.#sixteenfold.get(x);
    if (known !== undefined) return known;
    const product = this.graph.op('Mul', [x, this.graph.floatConstant(16)]);
    this.#sixteenfold.set(x, product);
    return product;
  }

  /** Sums of `x [.., cols]` over blocks of columns: `[.., blocks]`. */
  #blockSum(x: string, leading: readonly number[], { cols, blockSize }: BlockMatrix): string {
    const key = `${x} by ${blockSize}`;
    const known = this.#blockSums.get(key);
    if (known !== undefined) return known;
    const blocked = this.graph.op('Reshape', [x, this.graph.ints(...leading, cols / blockSize, blockSize)]);
    const sums = this.graph.op('ReduceSum', [blocked, this.graph.ints(-1)], { keepdims: 0 });
    this.#blockSums.set(key, sums);
    return sums;
  }
}

/** Writes a float matrix into the graph's weights and returns its name. */
export function writeFloatMatrix(graph: GraphBuilder, name: string, matrix: FloatMatrix): string {
  const writer = graph.reserve(name, [matrix.rows, matrix.cols], elementType.float);
  for (const slice of matrix.slices()) writer.append(slice);
  return name;
}
