import { z } from 'zod';
import { atLeast } from '../../selections/threshold.ts';
import { defineWrapper } from '../family.ts';
import { ownBudgetNote } from '../ownBudget.ts';
import { refusesOwnBudgets, refusesSelections } from './refusals.ts';

/** Eviction by a threshold instead of a budget, as Dynamic Memory Sparsification does with trained scores. */
export const dms = defineWrapper({
  id: 'dms',
  title: 'Threshold',
  paper: { title: 'Inference-Time Hyper-Scaling with KV Cache Compression', url: 'https://arxiv.org/abs/2506.05345' },
  formula: 'Entries before the last `window` whose score is below `threshold` go; how many is an outcome.',
  effect: 'As many as score at least `threshold`.',
  needs: 'nothing more',
  cost: 'none',
  schema: z.strictObject({ threshold: z.number(), window: z.int().min(1).default(128) }),
  refuses: (bases) => refusesSelections(bases) ?? refusesOwnBudgets(bases),
  wrap: (base, { threshold, window }) => ({
    budgets: (layers) => layers.map(({ seqLen }) => seqLen),
    selection: atLeast(threshold, window),
    notes: (seqLen, ratio, layers) => [
      ...(base.notes?.(seqLen, ratio, layers) ?? []),
      ownBudgetNote('Threshold', 'its threshold'),
    ],
  }),
});
