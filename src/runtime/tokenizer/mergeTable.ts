import { HoldfastError } from '../../errors.ts';
import { mergeSymbols } from './mergeSymbols.ts';

/** Symbols after merging: token ids (-1 for a symbol without token) and the number of symbols that went in up to the end of each. */
export interface MergedSymbols {
  readonly ids: number[];
  readonly ends: number[];
}

/** A merge: `left right`, or the two pieces apart where they may hold spaces. */
export type Merge = string | readonly [left: string, right: string];

/** The merges of a byte-pair encoding, looked up by the ids of a pair. An earlier merge has a lower rank and goes first. */
export class MergeTable {
  // Open addressing over typed arrays: a Map keyed by pairs costs several times the set-up time and memory at 50k merges.
  readonly #slots: Int32Array; // rank, or -1
  readonly #lefts: Int32Array; // [rank]
  readonly #rights: Int32Array; // [rank]
  readonly #results: Int32Array; // [rank]

  /** `forbidden` results are left out of the table: no text may merge into them. Throws `model-format` for an unknown piece. */
  constructor(merges: readonly Merge[], ids: ReadonlyMap<string, number>, forbidden: (id: number) => boolean) {
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * merges.length + 2))).fill(-1);
    this.#lefts = new Int32Array(merges.length);
    this.#rights = new Int32Array(merges.length);
    this.#results = new Int32Array(merges.length);
    merges.forEach((merge, rank) => {
      const [left, right] = typeof merge === 'string' ? splitMerge(merge) : merge;
      const leftId = ids.get(left);
      const rightId = ids.get(right);
      const result = ids.get(left + right);
      if (leftId === undefined || rightId === undefined || result === undefined) {
        throw new HoldfastError(
          'model-format',
          `Merge ${rank} of the model's tokenizer ("${left} ${right}") joins or makes a piece that its vocabulary lacks.`,
          'The model file is damaged or was converted wrongly: download it again or use another conversion.',
        );
      }
      this.#lefts[rank] = leftId;
      this.#rights[rank] = rightId;
      this.#results[rank] = result;
      if (!forbidden(result) && this.#rank(leftId, rightId) < 0) this.#slots[this.#slot(leftId, rightId)] = rank;
    });
  }

  /** Merges the symbols of one word, lowest rank first, leftmost first among equals. Overwrites `symbols`. */
  merge(symbols: Int32Array): MergedSymbols {
    const ends = mergeSymbols(symbols.length, {
      rank: (left, right) => this.#rank(symbols[left]!, symbols[right]!),
      merged: (left, _right, _end, rank) => {
        symbols[left] = this.#results[rank]!;
      },
    });
    return { ids: ends.map((_, i) => symbols[i === 0 ? 0 : ends[i - 1]!]!), ends };
  }

  /** Rank of the pair, -1 when it is not merged. */
  #rank(left: number, right: number): number {
    return this.#slots[this.#slot(left, right)]!;
  }

  /** The slot that holds the pair, or the free one where it belongs. */
  #slot(left: number, right: number): number {
    const last = this.#slots.length - 1;
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & last; ; slot = (slot + 1) & last) {
      const rank = this.#slots[slot]!;
      if (rank < 0 || (this.#lefts[rank] === left && this.#rights[rank] === right)) return slot;
    }
  }
}

/** The two pieces of `left right`. Only the first may begin with a space; without one between them, the second is empty. */
function splitMerge(merge: string): [left: string, right: string] {
  const space = merge.indexOf(' ', 1);
  return space < 0 ? [merge, ''] : [merge.slice(0, space), merge.slice(space + 1)];
}
