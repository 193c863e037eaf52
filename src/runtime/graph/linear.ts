import type { GraphBuilder } from './graphBuilder.ts';

/** A linear layer in the form in which it is executed. */
export type LinearWeight = LinearMatrix & {
  readonly bias?: Float32Array; // [rows]
};

export type LinearMatrix =
  | { readonly kind: 'float'; readonly rows: number; readonly cols: number; readonly values: Float32Array } // [rows, cols]
  | {
      /** 4-bit blocks of 32 columns: `w = scale * q + min`, or `scale * (q - 8)` where `mins` is null. */
      readonly kind: 'blocks4';
      readonly rows: number;
      readonly cols: number;
      readonly quants: Uint8Array; // [rows, cols/32, 16], element 2i in the low nibble of byte i
      readonly scales: Float32Array; // [rows, cols/32]
      readonly mins: Float32Array | null; // [rows, cols/32]
    };

export const blockSize = 32;
/** MatMulNBits subtracts this from every 4-bit value when it is given no zero points. */
const implicitZeroPoint = 8;
/** 0 = compute in float32. Level 4 (int8 activations) moves logits by up to 1.8, which looks like a compression effect. */
const accuracyLevel = 0;

/**
 * Builds `y = x W^T + b` for activations `x [.., cols]`. Four-bit weights run natively and exactly: with q in 0..15,
 * `sum_j (d q_j + m) x_j = sum_j d (q_j - 8) x_j + (m + 8 d) sum_j x_j`: the first sum is MatMulNBits, the second a small
 * product with the block sums of x, which layers that share an input share too.
 */
export class Linear {
  readonly #blockSums = new Map<string, string>();

  constructor(readonly graph: GraphBuilder) {}

  apply(x: string, name: string, weight: LinearWeight, output?: string): string {
    const { bias } = weight;
    if (bias === undefined) return this.#product(x, name, weight, output);
    const added = this.graph.weight(`${name}.bias`, [weight.rows], bias);
    return this.graph.op('Add', [this.#product(x, name, weight), added], {}, output);
  }

  #product(x: string, name: string, weight: LinearMatrix, output?: string): string {
    const { rows, cols } = weight;
    if (weight.kind === 'float') {
      const w = this.graph.weight(name, [rows, cols], weight.values);
      return this.graph.microsoftOp('FusedMatMul', [x, w], { transB: 1 }, output);
    }
    const blocks = cols / blockSize;
    const quants = this.graph.weight(`${name}.quants`, [rows, blocks, blockSize / 2], weight.quants);
    const scales = this.graph.weight(`${name}.scales`, [rows, blocks], weight.scales);
    const attributes = { K: cols, N: rows, bits: 4, block_size: blockSize, accuracy_level: accuracyLevel };
    const { mins } = weight;
    if (mins === null) return this.graph.microsoftOp('MatMulNBits', [x, quants, scales], attributes, output);
    const product = this.graph.microsoftOp('MatMulNBits', [x, quants, scales], attributes);
    const offsets = mins.map((min, block) => min + implicitZeroPoint * weight.scales[block]!);
    const correction = this.graph.microsoftOp(
      'FusedMatMul',
      [this.#blockSum(x, blocks), this.graph.weight(`${name}.offsets`, [rows, blocks], offsets)],
      { transB: 1 },
    );
    return this.graph.op('Add', [product, correction], {}, output);
  }

  /** Sums of `x [b, s, cols]` over blocks of 32 columns: `[b, s, cols/32]`. */
  #blockSum(x: string, blocks: number): string {
    const known = this.#blockSums.get(x);
    if (known !== undefined) return known;
    const blocked = this.graph.op('Reshape', [x, this.graph.ints(0, 0, blocks, blockSize)]);
    const sums = this.graph.op('ReduceSum', [blocked, this.graph.ints(-1)], { keepdims: 0 });
    this.#blockSums.set(x, sums);
    return sums;
  }
}
