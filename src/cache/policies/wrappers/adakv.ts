import { z } from 'zod';
import { acrossHeads } from '../../selections/acrossRows.ts';
import { defineWrapper } from '../family.ts';
import { refusesSelections } from './refusals.ts';

/** AdaKV: the heads of a layer share its budget, each with a safe part of its own. */
export const adakv = defineWrapper({
  id: 'adakv',
  title: 'AdaKV',
  paper: {
    title: 'Ada-KV: Optimizing KV Cache Eviction by Adaptive Budget Allocation for Efficient LLM Inference',
    url: 'https://arxiv.org/abs/2407.11550',
  },
  formula:
    "Scores of the base; each head keeps its best trunc(n x `alpha`), the rest of the layer's KV heads x n goes to the best of all heads.",
  effect: 'The heads of a layer share its budget.',
  needs: 'nothing more',
  cost: 'none',
  schema: z.strictObject({ alpha: z.number().min(0).max(1).default(0.2) }),
  refuses: refusesSelections,
  wrap: (base, { alpha }) => ({
    selection: acrossHeads(alpha),
  }),
});
