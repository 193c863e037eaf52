import { z } from 'zod';

const entries = /^[1-9]\d*$/u;
const share = /^(?:\d*\.)?\d+%$/u;

const expected = 'has to be a number of entries such as 128, or a share of the system turn such as 25%';

/** A number of entries per layer and KV head as it is written: `128`, or `25%` of the tokens of the system turn. */
export const entryBudget = z
  .string({ error: expected })
  .refine((text) => entries.test(text) || (share.test(text) && Number.parseFloat(text) > 0), { error: expected });

/** Entries that a budget comes to beside a prefix of so many tokens; at least one. */
export function budgetedEntries(budget: string, prefixTokens: number): number {
  const number = Number.parseFloat(budget);
  return budget.endsWith('%') ? Math.max(1, Math.trunc((prefixTokens * number) / 100)) : number;
}
