import { masked } from '../graph/signature.ts';
import type { LayerKeyValues, StepResult } from './decoder.ts';

/** Room is added in steps of this many tokens, so that a growing cache is copied seldom and little of it is padding. */
export const growth = 32;

/**
 * Keys and values of each row's own tokens (user turn and answer). Rows may have different lengths: row b's tokens are
 * its first `lengths[b]` slots, the rest is padding that `bias` hides.
 */
export class OwnCache implements LayerKeyValues {
  keys: Float32Array[]; // per layer [kv, b, capacity, d]
  values: Float32Array[];
  lengths: Int32Array; // [b]
  tokens: number; // capacity

  constructor(
    readonly shape: { readonly layers: number; readonly kvHeads: number; readonly headDim: number },
    rows: number,
    capacity: number,
  ) {
    this.tokens = capacity;
    this.lengths = new Int32Array(rows);
    this.keys = this.#allocate(rows, capacity);
    this.values = this.#allocate(rows, capacity);
  }

  get rows(): number {
    return this.lengths.length;
  }

  /** Appends the first `counts[i]` tokens of a step's row i to row `rows[i]`. */
  append(rows: readonly number[], counts: readonly number[], step: StepResult): void {
    const { layers, kvHeads, headDim } = this.shape;
    const stepTokens = step.columns.tokens;
    this.#reserve(Math.max(...rows.map((row, i) => this.lengths[row]! + counts[i]!)));
    for (let layer = 0; layer < layers; layer++) {
      for (const [target, source] of [
        [this.keys[layer]!, step.newKeys(layer)],
        [this.values[layer]!, step.newValues(layer)],
      ] as const) {
        for (let head = 0; head < kvHeads; head++) {
          for (const [i, row] of rows.entries()) {
            const from = (head * rows.length + i) * stepTokens * headDim;
            const to = ((head * this.rows + row) * this.tokens + this.lengths[row]!) * headDim;
            target.set(source.subarray(from, from + counts[i]! * headDim), to);
          }
        }
      }
    }
    for (const [i, row] of rows.entries()) this.lengths[row]! += counts[i]!;
  }

  /** A cache of copies of these rows, with room for `more` tokens. */
  copyOf(rows: readonly number[], more: number): OwnCache {
    const copy = new OwnCache(this.shape, 0, 0);
    [copy.keys, copy.values] = this.#copied(rows, this.tokens + more);
    copy.tokens = this.tokens + more;
    copy.lengths = Int32Array.from(rows, (row) => this.lengths[row]!);
    return copy;
  }

  /** Bias of one new token per row over its own slots and itself, [b, 1, capacity + 1]. */
  decodeBias(): Float32Array {
    const width = this.tokens + 1;
    const bias = new Float32Array(this.rows * width);
    for (const [row, length] of this.lengths.entries())
      bias.fill(masked, row * width + length, row * width + this.tokens);
    return bias;
  }

  /** Keeps only these rows, in ascending order. They move down in place: a batch of answers takes tens of megabytes. */
  keepRows(rows: readonly number[]): void {
    if (rows.some((row, index) => index > 0 && row <= rows[index - 1]!)) throw new RangeError('Rows keep their order.');
    const { kvHeads, headDim } = this.shape;
    const perRow = this.tokens * headDim;
    const moved = (layer: Float32Array): Float32Array => {
      for (let head = 0; head < kvHeads; head++) {
        for (const [index, row] of rows.entries()) {
          const from = (head * this.rows + row) * perRow;
          layer.copyWithin((head * rows.length + index) * perRow, from, from + this.lengths[row]! * headDim);
        }
      }
      return layer.subarray(0, kvHeads * rows.length * perRow);
    };
    [this.keys, this.values] = [this.keys.map(moved), this.values.map(moved)];
    this.lengths = Int32Array.from(rows, (row) => this.lengths[row]!);
  }

  #reserve(tokens: number): void {
    if (tokens <= this.tokens) return;
    this.#copy(
      Array.from({ length: this.rows }, (_, row) => row),
      tokens + growth,
    );
  }

  #copy(rows: readonly number[], capacity: number): void {
    [this.keys, this.values] = this.#copied(rows, capacity);
    this.tokens = capacity;
  }

  #copied(rows: readonly number[], capacity: number): [Float32Array[], Float32Array[]] {
    const { layers, kvHeads, headDim } = this.shape;
    const [keys, values] = [this.#allocate(rows.length, capacity), this.#allocate(rows.length, capacity)];
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < kvHeads; head++) {
        for (const [index, row] of rows.entries()) {
          const from = (head * this.rows + row) * this.tokens * headDim;
          const to = (head * rows.length + index) * capacity * headDim;
          const length = this.lengths[row]! * headDim;
          keys[layer]!.set(this.keys[layer]!.subarray(from, from + length), to);
          values[layer]!.set(this.values[layer]!.subarray(from, from + length), to);
        }
      }
    }
    return [keys, values];
  }

  #allocate(rows: number, capacity: number): Float32Array[] {
    const { layers, kvHeads, headDim } = this.shape;
    return Array.from({ length: layers }, () => new Float32Array(kvHeads * rows * capacity * headDim));
  }
}
