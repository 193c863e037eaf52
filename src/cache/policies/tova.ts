import type { Policy } from './policy.ts';

/** TOVA: attention of the last query, mean over all query heads, so every KV head of a layer keeps the same tokens. */
export const tova = {
  id: 'tova',
  title: 'TOVA',
  paper: { title: 'Transformers are Multi-State RNNs', url: 'https://arxiv.org/abs/2401.06104' },
  summary: 'Keeps the tokens that the very last token attends to, and that last token.',
  parameters: {},
  rowGroups: () => [{ last: 1 }],
  score(layer) {
    const { seqLen, queryHeads, kvHeads } = layer;
    const sums = layer.columnSums({ last: 1 });
    const scores = new Float32Array(kvHeads * seqLen);
    for (let position = 0; position < seqLen; position++) {
      let sum = 0;
      for (let query = 0; query < queryHeads; query++) sum += sums[query * seqLen + position]!;
      scores[position] = sum / queryHeads;
    }
    for (let head = 1; head < kvHeads; head++) scores.copyWithin(head * seqLen, 0, seqLen);
    return scores;
  },
  protect: (seqLen) => ({ sinks: [], window: [seqLen - 1] }),
} as const satisfies Policy;
