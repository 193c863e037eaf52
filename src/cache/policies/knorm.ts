import type { Policy } from './policy.ts';

/** K-Norm: minus the L2 norm of the key, so keys with a *large* norm are evicted. */
export const knorm = {
  id: 'knorm',
  title: 'K-Norm',
  paper: {
    title: 'A Simple and Effective L2 Norm-Based Strategy for KV Cache Compression',
    url: 'https://arxiv.org/abs/2406.11430',
  },
  summary: 'Keeps the tokens whose keys have a small norm; no attention is looked at.',
  parameters: {},
  rowGroups: () => [],
  score({ seqLen, kvHeads, headDim, keys }) {
    const scores = new Float32Array(kvHeads * seqLen);
    for (let entry = 0; entry < scores.length; entry++) {
      let squares = 0;
      for (let channel = entry * headDim; channel < (entry + 1) * headDim; channel++) squares += keys[channel]! ** 2;
      scores[entry] = -Math.sqrt(squares);
    }
    return scores;
  },
} as const satisfies Policy;
