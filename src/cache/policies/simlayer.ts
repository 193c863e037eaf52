import { z } from 'zod';
import type { LayerObservation } from '../layerObservation.ts';
import { definePolicy } from './family.ts';
import { ownBudgetNote } from './ownBudget.ts';
import { positionsFrom } from './policy.ts';

/** SimLayerKV: layers whose last queries look only at the start and the end keep only these; the others keep everything. */
export const simlayer = definePolicy({
  id: 'simlayer',
  title: 'SimLayerKV',
  paper: {
    title: 'SimLayerKV: A Simple Framework for Layer-Level KV Cache Reduction',
    url: 'https://arxiv.org/abs/2410.13846',
  },
  formula:
    'A layer is lazy when attention of the last `last` rows to the first `initial` and last `recent` positions exceeds `threshold`; it keeps the first `initial` and the last `recent` - `last` positions, others keep all. Off at threshold 1.',
  cost: 'S x query heads',
  schema: z.strictObject({
    threshold: z.number().min(0).max(1).default(1),
    last: z.int().min(1).default(1),
    recent: z.int().min(1).default(1024),
    initial: z.int().min(0).default(4),
  }),
  create({ threshold, last, recent, initial }) {
    const isShort = (seqLen: number): boolean => threshold === 1 || seqLen <= initial + recent + last;
    const isLazy = (layer: LayerObservation): boolean => {
      const { seqLen, queryHeads } = layer;
      const sums = layer.columnSums({ last });
      let seen = 0;
      for (let head = 0; head < queryHeads; head++) {
        for (let position = 0; position < initial; position++) seen += sums[head * seqLen + position]!;
        // The recent part of what remains without the columns of the last rows.
        for (let position = seqLen - last - recent; position < seqLen - last; position++)
          seen += sums[head * seqLen + position]!;
      }
      return seen / (queryHeads * last) > threshold;
    };
    return {
      summary: `Keeps all of most layers; of those that look only at start and end the first ${initial} and last ${recent} tokens.`,
      needs: (seqLen) => (isShort(seqLen) ? {} : { rowGroups: [{ last }] }),
      score: ({ seqLen, kvHeads }) => Float32Array.from({ length: kvHeads * seqLen }, (_, entry) => entry % seqLen),
      protect: (seqLen) => ({ sinks: positionsFrom(0, Math.min(initial, seqLen)), window: [] }),
      budgets: (layers) =>
        layers.map((layer) =>
          isShort(layer.seqLen) || !isLazy(layer)
            ? layer.seqLen
            : Math.max(1, Math.min(layer.seqLen, initial + Math.max(0, recent - last))),
        ),
      notes: (seqLen) => [
        isShort(seqLen)
          ? `SimLayerKV keeps everything: ${threshold === 1 ? 'its threshold is 1' : `the system turn has only ${seqLen} tokens`}.`
          : ownBudgetNote('SimLayerKV', 'its threshold'),
      ],
    };
  },
});
