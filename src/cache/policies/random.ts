import { z } from 'zod';
import { noise } from '../noise.ts';
import { definePolicy } from './family.ts';
import { refuseLambda } from './policy.ts';

/** The control arm. Every layer draws its own numbers; kvpress with a seed draws the same ones in each. */
export const random = definePolicy({
  id: 'random',
  title: 'Random',
  paper: { title: 'kvpress: RandomPress', url: 'https://github.com/NVIDIA/kvpress' },
  formula: 'A uniform random number per layer, KV head and position.',
  cost: 'S per KV head',
  schema: z.strictObject({ seed: z.int().min(0).default(0) }),
  create: ({ seed }) => ({
    summary: 'Keeps a random choice of tokens: the control for every other policy.',
    needs: () => ({}),
    score({ seqLen, kvHeads }, { layer }) {
      const stream = noise(seed, layer);
      return Float32Array.from({ length: kvHeads * seqLen }, () => stream.uniform());
    },
    /** The score of an entry does not depend on others. */
    fair(_spans, lambda) {
      refuseLambda(lambda, 'Random');
      return { shares: 'per-span', changes: {} };
    },
  }),
});
