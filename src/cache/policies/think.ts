import { z } from 'zod';
import { groupSize, type LayerObservation } from '../layerObservation.ts';
import { rotated } from '../rotary.ts';
import { selectTop } from '../selection.ts';
import { definePolicy } from './family.ts';

/** How much each key channel of each KV head matters to the last queries, [kvHeads, headDim]. */
export function channelScores(layer: LayerObservation, window: number): Float32Array {
  const { seqLen, kvHeads, headDim, keys } = layer;
  const group = groupSize(layer);
  const rows = Math.min(window, seqLen);
  const queries = rotated(layer.queries(), layer.rotary(), seqLen, headDim);
  const scores = new Float32Array(kvHeads * headDim);
  for (let head = 0; head < kvHeads; head++) {
    for (let channel = 0; channel < headDim; channel++) {
      let ofQueries = 0;
      for (let query = head * group; query < (head + 1) * group; query++)
        for (let position = seqLen - rows; position < seqLen; position++)
          ofQueries += queries[(query * seqLen + position) * headDim + channel]! ** 2 / (group * rows);
      let ofKeys = 0;
      for (let position = 0; position < seqLen; position++)
        ofKeys += keys[(head * seqLen + position) * headDim + channel]! ** 2 / seqLen;
      scores[head * headDim + channel] = ofQueries * ofKeys;
    }
  }
  return scores;
}

/** ThinK: removes key channels instead of entries. */
export const think = definePolicy({
  id: 'think',
  title: 'ThinK',
  paper: { title: 'ThinK: Thinner Key Cache by Query-Driven Pruning', url: 'https://arxiv.org/abs/2407.21018' },
  formula:
    'Channel score: mean of q^2 over the last `window` rows and the group x mean of k^2; the trunc(d x ratio) lowest key channels of each KV head become 0. Every entry stays.',
  cost: 'S x d per query head',
  schema: z.strictObject({ window: z.int().min(1).default(32) }),
  create({ window }) {
    return {
      summary: 'Keeps every token, with fewer channels of its key.',
      needs: () => ({ queries: true, rotary: true }),
      /** Entries do not compete. */
      score: ({ seqLen, kvHeads }) => new Float32Array(kvHeads * seqLen),
      budgets: (layers) => layers.map(({ seqLen }) => seqLen),
      transform(layer, kept, { ratio }) {
        const { seqLen, kvHeads, headDim } = layer;
        const scores = channelScores(layer, window);
        const removed = Math.trunc(headDim * ratio);
        const keys = layer.keys.slice();
        let freedBytes = 0;
        for (let head = 0; head < kvHeads; head++) {
          const row = scores.subarray(head * headDim, (head + 1) * headDim);
          const staying = new Set(selectTop(row, headDim - removed, `ThinK, KV head ${head}`));
          for (let channel = 0; channel < headDim; channel++) {
            if (staying.has(channel)) continue;
            for (let position = 0; position < seqLen; position++)
              keys[(head * seqLen + position) * headDim + channel] = 0;
          }
          freedBytes += 2 * removed * kept[head]!.length;
        }
        return { keys, values: layer.values, freedBytes };
      },
      notes: (_, ratio) => [
        `ThinK removes no token: ${ratio} is the share of key channels, half of that the share of bytes.`,
      ],
    };
  },
});
