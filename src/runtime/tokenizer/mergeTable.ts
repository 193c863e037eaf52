import { HoldfastError } from '../../errors.ts';

/** Symbols after merging: token ids (-1 for a byte without token) and the number of bytes up to the end of each. */
export interface MergedSymbols {
  readonly ids: number[];
  readonly byteEnds: number[];
}

/** The merges of a byte-pair encoding, looked up by the ids of a pair. An earlier merge has a lower rank and goes first. */
export class MergeTable {
  // Open addressing over typed arrays: a Map keyed by pairs costs several times the set-up time and memory at 50k merges.
  readonly #slots: Int32Array; // rank, or -1
  readonly #lefts: Int32Array; // [rank]
  readonly #rights: Int32Array; // [rank]
  readonly #results: Int32Array; // [rank]

  /** `forbidden` results are left out of the table: no text may merge into them. Throws `model-format` for an unknown piece. */
  constructor(merges: readonly string[], ids: ReadonlyMap<string, number>, forbidden: (id: number) => boolean) {
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * merges.length + 2))).fill(-1);
    this.#lefts = new Int32Array(merges.length);
    this.#rights = new Int32Array(merges.length);
    this.#results = new Int32Array(merges.length);
    merges.forEach((merge, rank) => {
      const space = merge.indexOf(' ', 1); // byte-level pieces have no space inside
      const left = merge.slice(0, space);
      const right = merge.slice(space + 1);
      const leftId = ids.get(left);
      const rightId = ids.get(right);
      const result = ids.get(left + right);
      if (space < 0 || leftId === undefined || rightId === undefined || result === undefined) {
        throw new HoldfastError(
          'model-format',
          `Merge ${rank} of the model's tokenizer ("${merge}") joins or makes a piece that its vocabulary lacks.`,
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
    const count = symbols.length;
    const next = new Int32Array(count);
    const previous = new Int32Array(count);
    const ranks = new Int32Array(count).fill(-1); // of the pair that starts here; -1 also for symbols merged away
    const heap = new MinHeap();
    const look = (at: number) => {
      const right = next[at]!;
      const rank = right < count ? this.#rank(symbols[at]!, symbols[right]!) : -1;
      ranks[at] = rank;
      if (rank >= 0) heap.push(rank * count + at);
    };
    for (let i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
    }
    for (let i = 0; i + 1 < count; i++) look(i);

    for (let key = heap.pop(); key !== undefined; key = heap.pop()) {
      const at = key % count;
      const rank = (key - at) / count;
      if (ranks[at] !== rank) continue; // the pair is gone: one of its symbols was merged meanwhile
      const right = next[at]!;
      const after = next[right]!;
      symbols[at] = this.#results[rank]!;
      ranks[right] = -1;
      next[at] = after;
      if (after < count) previous[after] = at;
      look(at);
      if (previous[at]! >= 0) look(previous[at]!);
    }

    const ids: number[] = [];
    const byteEnds: number[] = [];
    for (let i = 0; i < count; i = next[i]!) {
      ids.push(symbols[i]!);
      byteEnds.push(next[i]!);
    }
    return { ids, byteEnds };
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

/** A heap keeps long words (base64, a page of one letter) at n log n. */
class MinHeap {
  readonly #keys: number[] = [];

  push(key: number): void {
    const keys = this.#keys;
    let at = keys.length;
    keys.push(key);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (keys[parent]! <= key) break;
      keys[at] = keys[parent]!;
      at = parent;
    }
    keys[at] = key;
  }

  pop(): number | undefined {
    const keys = this.#keys;
    const least = keys[0];
    const moved = keys.pop();
    if (moved === undefined || keys.length === 0) return least;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= keys.length) break;
      if (child + 1 < keys.length && keys[child + 1]! < keys[child]!) child++;
      if (keys[child]! >= moved) break;
      keys[at] = keys[child]!;
      at = child;
    }
    keys[at] = moved;
    return least;
  }
}
