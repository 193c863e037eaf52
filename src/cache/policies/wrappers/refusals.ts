import { readsOnlyKeysAndValues } from '../../layerObservation.ts';
import type { Policy } from '../policy.ts';

/** For wrappers that bring their own selection. */
export function refusesSelections(bases: readonly Policy[]): string | undefined {
  const wrong = bases.find((base) => base.selection !== undefined);
  return wrong === undefined ? undefined : `${wrong.id} chooses entries in its own way and cannot be wrapped again.`;
}

/** For wrappers that divide the budget themselves. */
export function refusesOwnBudgets(bases: readonly Policy[]): string | undefined {
  const wrong = bases.find((base) => base.budgets !== undefined || base.pools !== undefined);
  return wrong === undefined ? undefined : `${wrong.id} has its own budget.`;
}

/** For wrappers that score a choice of entries: only keys and values exist for it. */
export function refusesAttention(bases: readonly Policy[]): string | undefined {
  const wrong = bases.find((base) => !readsOnlyKeysAndValues(base.needs(1 << 16)));
  return wrong === undefined
    ? undefined
    : `${wrong.id} reads more than keys and values, which a pruned cache cannot give.`;
}

/** For wrappers that need plain scores. */
export const refusesAllButScores = (bases: readonly Policy[]): string | undefined =>
  refusesSelections(bases) ??
  refusesOwnBudgets(bases) ??
  bases
    .filter((base) => base.transform !== undefined)
    .map((base) => `${base.id} changes keys or values.`)
    .at(0);
