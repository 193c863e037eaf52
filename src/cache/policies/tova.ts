import { z } from 'zod';
import type { LayerObservation, Range } from '../layerObservation.ts';
import { definePolicy } from './family.ts';
import { refuseLambda } from './policy.ts';

/** Mean over all query heads of attention sums, the same for every KV head, in part of a row. */
function fillMeans(
  scores: Float32Array,
  { seqLen, queryHeads, kvHeads }: LayerObservation,
  sums: Float32Array,
  part: Range,
): void {
  for (let position = part.start; position < part.end; position++) {
    let sum = 0;
    for (let query = 0; query < queryHeads; query++) sum += sums[query * seqLen + position]!;
    for (let head = 0; head < kvHeads; head++) scores[head * seqLen + position] = sum / queryHeads;
  }
}

/** TOVA: attention of the last query, mean over all query heads, so every KV head of a layer keeps the same tokens. */
export const tova = definePolicy({
  id: 'tova',
  title: 'TOVA',
  paper: { title: 'Transformers are Multi-State RNNs', url: 'https://arxiv.org/abs/2401.06104' },
  formula: 'Attention of the last row, mean over all query heads; the last position stays.',
  cost: 'S x query heads',
  schema: z.strictObject({}),
  create: () => ({
    summary: 'Keeps the tokens that the very last token attends to, and that last token.',
    needs: () => ({ rowGroups: [{ last: 1 }] }),
    score(layer) {
      const scores = new Float32Array(layer.kvHeads * layer.seqLen);
      fillMeans(scores, layer, layer.columnSums({ last: 1 }), { start: 0, end: layer.seqLen });
      return scores;
    },
    protect: (seqLen) => ({ sinks: [], window: [seqLen - 1] }),
    fair(spans, lambda) {
      refuseLambda(lambda, 'TOVA');
      const anchors = spans.map(({ end }) => ({ start: end - 1, end }));
      return {
        shares: 'per-span',
        changes: {
          needs: () => ({ rowGroups: anchors }),
          score(layer) {
            const scores = new Float32Array(layer.kvHeads * layer.seqLen);
            for (const [index, span] of spans.entries())
              fillMeans(scores, layer, layer.columnSums(anchors[index]!), span);
            return scores;
          },
          protect: () => ({ sinks: [], window: anchors.map(({ start }) => start) }),
        },
      };
    },
  }),
});
