import { groupSize } from '../layerObservation.ts';
import type { Policy } from './policy.ts';

/**
 * H2O, averaged: attention that a position receives, divided by the number of queries that can see it ("observed
 * attention" in kvpress). The paper sums without dividing, which favours early tokens, and keeps a recent half; this
 * one-shot form does neither.
 */
export const h2o = {
  id: 'h2o',
  title: 'H2O',
  paper: {
    title: 'H2O: Heavy-Hitter Oracle for Efficient Generative Inference of Large Language Models',
    url: 'https://arxiv.org/abs/2306.14048',
  },
  summary: 'Keeps the tokens with the most attention, averaged over the queries that can see them.',
  parameters: {},
  rowGroups: () => ['all'],
  score(layer) {
    const { seqLen, kvHeads } = layer;
    const sums = layer.columnSums('all');
    const group = groupSize(layer);
    const scores = new Float32Array(kvHeads * seqLen);
    for (let head = 0; head < kvHeads; head++) {
      for (let position = 0; position < seqLen; position++) {
        let sum = 0;
        for (let query = head * group; query < (head + 1) * group; query++) sum += sums[query * seqLen + position]!;
        scores[head * seqLen + position] = sum / (group * (seqLen - position));
      }
    }
    return scores;
  },
} as const satisfies Policy;
