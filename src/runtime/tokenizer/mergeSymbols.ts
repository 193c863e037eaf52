/** What two neighbouring symbols of a text merge into. Symbols are named by the index of their first element. */
export interface PairMerges {
  /**
   * Rank of the pair [left, right), [right, end): lower goes first; -1 when it does not merge. Below 2^53 / number of symbols.
   */
  rank(left: number, right: number, end: number): number;
  /** Told that the pair was merged: `left` now stands for [left, end). */
  merged(left: number, right: number, end: number, rank: number): void;
}

/**
 * Byte-pair merging of `count` symbols: again and again the pair of the lowest rank, the leftmost among equals.
 * Time n log n. Returns the index at which each symbol that is left ends.
 */
export function mergeSymbols(count: number, merges: PairMerges): number[] {
  const next = new Int32Array(count);
  const previous = new Int32Array(count);
  const ranks = new Float64Array(count).fill(-1); // of the pair that starts here; -1 also for symbols merged away
  const heap = new MinHeap();
  const look = (at: number) => {
    const right = next[at]!;
    const rank = right < count ? merges.rank(at, right, next[right]!) : -1;
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
    merges.merged(at, right, after, rank);
    ranks[right] = -1;
    next[at] = after;
    if (after < count) previous[after] = at;
    look(at);
    if (previous[at]! >= 0) look(previous[at]!);
  }

  const ends: number[] = [];
  for (let i = 0; i < count; i = next[i]!) ends.push(next[i]!);
  return ends;
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
