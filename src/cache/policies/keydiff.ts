import { z } from 'zod';
import { definePolicy } from './family.ts';
import { norms } from './norms.ts';

/** KeyDiff: minus the cosine between a key and the mean direction of all keys of its head. */
export const keydiff = definePolicy({
  id: 'keydiff',
  title: 'KeyDiff',
  paper: {
    title:
      'KeyDiff: Key Similarity-Based KV Cache Eviction for Long-Context LLM Inference in Resource-Constrained Environments',
    url: 'https://arxiv.org/abs/2504.15364',
  },
  formula: 'Minus cos(key, mean of the normalised keys).',
  cost: 'S x d per KV head',
  schema: z.strictObject({}),
  create: () => ({
    summary: 'Keeps the tokens whose keys differ most from the average key; no attention is looked at.',
    needs: () => ({}),
    score({ seqLen, kvHeads, headDim, keys }) {
      const lengths = norms(keys, headDim);
      const scores = new Float32Array(kvHeads * seqLen);
      for (let head = 0; head < kvHeads; head++) {
        const anchor = new Float64Array(headDim);
        for (let entry = head * seqLen; entry < (head + 1) * seqLen; entry++) {
          const scale = 1 / (Math.max(lengths[entry]!, 1e-12) * seqLen);
          for (let channel = 0; channel < headDim; channel++)
            anchor[channel]! += keys[entry * headDim + channel]! * scale;
        }
        const anchorLength = Math.max(1e-8, Math.hypot(...anchor));
        for (let entry = head * seqLen; entry < (head + 1) * seqLen; entry++) {
          let dot = 0;
          for (let channel = 0; channel < headDim; channel++)
            dot += keys[entry * headDim + channel]! * anchor[channel]!;
          scores[entry] = -dot / (Math.max(1e-8, lengths[entry]!) * anchorLength);
        }
      }
      return scores;
    },
  }),
});
