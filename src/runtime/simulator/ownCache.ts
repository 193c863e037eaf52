import { masked } from '../graph/signature.ts';
import { causalBias, type LayerKeyValues, type StepResult } from './decoder.ts';

/** Room is added in steps of this many tokens, so that a growing cache is copied seldom and little of it is padding. */
export const growth = 32;

/** What keys and values depend on beside rows and tokens. */
export interface OwnCacheShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

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
    readonly shape: OwnCacheShape,
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

  /** Gives a row that holds nothing the first `tokens` tokens of another cache's row. */
  take(row: number, from: OwnCache, fromRow: number, tokens: number): void {
    const { kvHeads, headDim } = this.shape;
    this.#reserve(tokens);
    for (const [targets, sources] of [
      [this.keys, from.keys],
      [this.values, from.values],
    ] as const) {
      for (const [layer, target] of targets.entries()) {
        for (let head = 0; head < kvHeads; head++) {
          const start = (head * from.rows + fromRow) * from.tokens * headDim;
          const to = (head * this.rows + row) * this.tokens * headDim;
          target.set(sources[layer]!.subarray(start, start + tokens * headDim), to);
        }
      }
    }
    this.lengths[row] = tokens;
  }

  /** Bias of `tokens` new tokens per row over its own slots and themselves, [b, tokens, capacity + tokens]. */
  bias(tokens: number): Float32Array {
    const width = this.tokens + tokens;
    const bias = causalBias(this.rows, tokens, this.tokens);
    for (const [row, length] of this.lengths.entries()) {
      for (let query = row * tokens; query < (row + 1) * tokens; query++) {
        bias.fill(masked, query * width + length, query * width + this.tokens);
      }
    }
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
    const capacity = tokens + growth;
    [this.keys, this.values] = [this.#widened(this.keys, capacity), this.#widened(this.values, capacity)];
    this.tokens = capacity;
  }

  #widened(layers: readonly Float32Array[], capacity: number): Float32Array[] {
    const { kvHeads, headDim } = this.shape;
    const wider = this.#allocate(this.rows, capacity);
    for (const [layer, target] of wider.entries()) {
      for (let slot = 0; slot < kvHeads * this.rows; slot++) {
        const from = slot * this.tokens * headDim;
        const length = this.lengths[slot % this.rows]! * headDim;
        target.set(layers[layer]!.subarray(from, from + length), slot * capacity * headDim);
      }
    }
    return wider;
  }

  #allocate(rows: number, capacity: number): Float32Array[] {
    const { layers, kvHeads, headDim } = this.shape;
    return Array.from({ length: layers }, () => new Float32Array(kvHeads * rows * capacity * headDim));
  }
}
