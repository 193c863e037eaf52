import { z } from 'zod';
import { definePolicy } from './family.ts';
import { groupMean } from './groupMean.ts';
import { refuseLambda } from './policy.ts';

/**
 * H2O, averaged: attention that a position receives, divided by the number of queries that can see it ("observed
 * attention" in kvpress). The paper sums without dividing, which favours early tokens, and keeps a recent half; this
 * one-shot form does neither.
 */
export const h2o = definePolicy({
  id: 'h2o',
  title: 'H2O',
  paper: {
    title: 'H2O: Heavy-Hitter Oracle for Efficient Generative Inference of Large Language Models',
    url: 'https://arxiv.org/abs/2306.14048',
  },
  formula: 'Averaged: attention of all rows to a position / number of rows that see it, mean over the group.',
  cost: 'S x query heads',
  schema: z.strictObject({}),
  create: () => ({
    summary: 'Keeps the tokens with the most attention, averaged over the queries that can see them.',
    needs: () => ({ rowGroups: ['all'] }),
    score(layer) {
      const { seqLen } = layer;
      const attention = groupMean(layer, layer.columnSums('all'));
      return Float32Array.from(attention, (sum, entry) => sum / (seqLen - (entry % seqLen)));
    },
    /**
     * Rows count for keys of their own span only. As in the paper's code, what the template writes after the last span still
     * counts for all.
     */
    fair(spans, lambda) {
      refuseLambda(lambda, 'H2O');
      const own = spans.map(({ start, end }) => ({ start, end }));
      const after = { start: spans.at(-1)!.own.end, end: own.at(-1)!.end };
      const hasTrailing = own.length > 1 && after.start < after.end;
      return {
        shares: 'per-span',
        changes: {
          needs: () => ({ rowGroups: hasTrailing ? [...own, after] : own }),
          score(layer) {
            const { seqLen, kvHeads } = layer;
            const trailing = hasTrailing
              ? groupMean(layer, layer.columnSums(after))
              : new Float64Array(kvHeads * seqLen);
            const scores = new Float32Array(kvHeads * seqLen);
            for (const rows of own) {
              const attention = groupMean(layer, layer.columnSums(rows));
              const fromOthers = rows.end === after.end ? 0 : 1;
              for (let head = 0; head < kvHeads; head++) {
                for (let position = rows.start; position < rows.end; position++) {
                  const entry = head * seqLen + position;
                  scores[entry] = (attention[entry]! + fromOthers * trailing[entry]!) / (rows.end - position);
                }
              }
            }
            return scores;
          },
        },
      };
    },
  }),
});
