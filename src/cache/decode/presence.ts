import type { DecodeStart } from './decodePolicy.ts';

/** The tokens that each KV head of a layer holds while a conversation goes on. */
export class Presence {
  readonly heads: number[][];
  /** Tokens so far; the next one has this index. */
  tokens: number;

  constructor({ present, tokens }: Pick<DecodeStart, 'present' | 'tokens'>) {
    this.heads = present.map((positions) => [...positions]);
    this.tokens = tokens;
  }

  /** Every head holds the next `count` tokens. */
  append(count: number): void {
    for (let token = this.tokens; token < this.tokens + count; token++) for (const head of this.heads) head.push(token);
    this.tokens += count;
  }

  /**
   * Drops from each head what it holds above `budget`: the lowest by `worth` of those before the last `recent`, of equal
   * ones the earlier. Returns the dropped tokens of each head, ascending.
   */
  shrink(budget: number, recent: number, worth: (head: number, token: number) => number): Int32Array[] {
    return this.heads.map((held, head) => {
      const surplus = Math.max(0, held.length - budget);
      if (surplus === 0) return new Int32Array(0);
      const candidates = held.slice(0, Math.max(surplus, held.length - recent));
      return this.drop(
        head,
        lowest(candidates, surplus, (token) => worth(head, token)),
      );
    });
  }

  /** A head drops these tokens; returns them ascending. */
  drop(head: number, tokens: readonly number[]): Int32Array {
    const dropped = new Set(tokens);
    this.heads[head] = this.heads[head]!.filter((token) => !dropped.has(token));
    return Int32Array.from(dropped).sort();
  }
}

/** The `count` lowest of ascending tokens, of equal ones the earlier. One is the usual number, and needs no order. */
function lowest(tokens: readonly number[], count: number, worth: (token: number) => number): number[] {
  if (count === 1) return [tokens.reduce((least, token) => (worth(token) < worth(least) ? token : least))];
  return [...tokens].sort((a, b) => worth(a) - worth(b) || a - b).slice(0, count);
}
