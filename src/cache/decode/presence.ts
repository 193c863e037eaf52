import type { DecodeStart } from './decodePolicy.ts';

/** The tokens that each KV head of a layer holds while a conversation goes on. */
export class Presence {
  readonly heads: number[][];
  tokens: number;

  constructor(
    { present, tokens }: DecodeStart,
    readonly budget: number,
  ) {
    this.heads = present.map((positions) => [...positions]);
    this.tokens = tokens;
  }

  /** Every head holds the next token. Returns its index. */
  append(): number {
    for (const head of this.heads) head.push(this.tokens);
    return this.tokens++;
  }

  /**
   * Drops from each head what it holds above the budget: the lowest by `worth` of those before the last `recent`, of equal
   * ones the earlier. Returns the dropped tokens of each head, ascending.
   */
  shrink(recent: number, worth: (head: number, token: number) => number): Int32Array[] {
    return this.heads.map((held, head) => {
      const surplus = Math.max(0, held.length - this.budget);
      if (surplus === 0) return new Int32Array(0);
      const candidates = held.slice(0, Math.max(surplus, held.length - recent));
      const ranked = candidates.sort((a, b) => worth(head, a) - worth(head, b) || a - b);
      const dropped = new Set(ranked.slice(0, surplus));
      this.heads[head] = held.filter((token) => !dropped.has(token));
      return Int32Array.from(dropped).sort();
    });
  }
}
