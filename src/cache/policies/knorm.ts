import { z } from 'zod';
import { definePolicy } from './family.ts';
import { norms } from './norms.ts';
import { refuseLambda } from './policy.ts';

/** K-Norm: minus the L2 norm of the key, so keys with a *large* norm are evicted. */
export const knorm = definePolicy({
  id: 'knorm',
  title: 'K-Norm',
  paper: {
    title: 'A Simple and Effective L2 Norm-Based Strategy for KV Cache Compression',
    url: 'https://arxiv.org/abs/2406.11430',
  },
  formula: 'Minus the L2 norm of the key.',
  cost: 'S x d per KV head',
  schema: z.strictObject({}),
  create: () => ({
    summary: 'Keeps the tokens whose keys have a small norm; no attention is looked at.',
    needs: () => ({}),
    score: ({ keys, headDim }) => Float32Array.from(norms(keys, headDim), (length) => -length),
    /** The score of an entry does not depend on others. */
    fair(_spans, lambda) {
      refuseLambda(lambda, 'K-Norm');
      return { shares: 'per-span', changes: {} };
    },
  }),
});
