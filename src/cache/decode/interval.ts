import { z } from 'zod';
import { budgetedEntries, entryBudget } from './entryBudget.ts';

/** Parameters of policies that evict now and then, down to a size of their own. */
export const intervalParameters = {
  interval: z.int().min(1).default(512),
  target: entryBudget.default('2048'),
  ratio: z.number().min(0).lt(1).optional(),
};

/** When a policy evicts, and how many entries it leaves. */
export interface Interval {
  readonly interval: number;
  readonly target: string;
  /** Share of all tokens so far that goes, in place of `target`. */
  readonly ratio?: number | undefined;
}

/**
 * Counts the calls of a conversation. Every `interval` calls, and after a call at least as long as the target, the cache is
 * due to shrink to the target; between these it grows.
 */
export class IntervalClock {
  #calls = 0;

  constructor(
    readonly settings: Interval,
    readonly prefixTokens: number,
  ) {}

  /** Counts a call of so many tokens, `tokensSoFar` with it. Returns the entries to leave, if it is time. */
  due(callTokens: number, tokensSoFar: number): { readonly entries: number; readonly calls: number } | undefined {
    const { interval, target, ratio } = this.settings;
    const entries =
      ratio === undefined
        ? budgetedEntries(target, this.prefixTokens)
        : Math.max(1, Math.trunc(tokensSoFar * (1 - ratio)));
    const calls = ++this.#calls;
    if (calls < interval && callTokens < entries) return undefined;
    this.#calls = 0;
    return { entries, calls };
  }
}
