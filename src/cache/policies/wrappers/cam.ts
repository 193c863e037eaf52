import { z } from 'zod';
import { noise } from '../../noise.ts';
import { defineWrapper } from '../family.ts';
import { groupMean } from '../groupMean.ts';
import { refusesAllButScores } from './refusals.ts';
import { after, evicted } from './transforms.ts';

/**
 * CaM, once after the prefill: the reference merges while it generates, with attention counted from the first generated
 * token on; here the attention of the whole prefix decides. All heads of a layer keep the same tokens.
 */
export const cam = defineWrapper({
  id: 'cam',
  title: 'CaM',
  paper: {
    title: 'CaM: Cache Merging for Memory-efficient LLMs Inference',
    url: 'https://openreview.net/forum?id=LCTmppB165',
  },
  formula:
    'Scores of the base, mean over KV heads. Each evicted entry i is merged with probability A_i / mean A of the next `window` kept entries (A: attention summed over all rows and the group), its value divided by their number and added to each.',
  effect: 'The values of some others are added to the next `window` that stay.',
  needs: 'attention of all rows',
  cost: 'S x window x d per KV head',
  schema: z.strictObject({ window: z.int().min(1).default(32), seed: z.int().min(0).default(0) }),
  refuses: refusesAllButScores,
  wrap: (base, { window, seed }) => ({
    needs(seqLen) {
      const needs = base.needs(seqLen);
      return { ...needs, rowGroups: [...(needs.rowGroups ?? []), 'all'] };
    },
    score(layer, budget) {
      const { seqLen, kvHeads } = layer;
      const scores = base.score(layer, budget);
      return scores.map((_, entry) => {
        let sum = 0;
        for (let other = entry % seqLen; other < scores.length; other += seqLen) sum += scores[other]!;
        return sum / kvHeads;
      });
    },
    transform: after(base, (layer, kept, budget) => {
      const { seqLen, headDim } = layer;
      const values = layer.values.slice();
      const attention = groupMean(layer, layer.columnSums('all'));
      for (const [head, positions] of kept.entries()) {
        const stream = noise(seed, budget.layer, head);
        for (const from of evicted(positions, seqLen)) {
          const next = positions.findIndex((position) => position > from);
          const near = next < 0 ? positions.subarray(0, 0) : positions.subarray(next, next + window);
          const drawn = stream.uniform();
          if (near.length === 0) continue;
          const mean = near.reduce((sum, position) => sum + attention[head * seqLen + position]!, 0) / near.length;
          const own = attention[head * seqLen + from]!;
          if (drawn >= (mean > 0 ? own / mean : 1)) continue;
          for (const to of near)
            for (let channel = 0; channel < headDim; channel++)
              values[(head * seqLen + to) * headDim + channel]! +=
                layer.values[(head * seqLen + from) * headDim + channel]! / near.length;
        }
      }
      return { values };
    }),
  }),
});
