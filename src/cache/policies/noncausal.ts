import { z } from 'zod';
import { groupSize, type LayerObservation } from '../layerObservation.ts';
import { rotated } from '../rotary.ts';
import { definePolicy } from './family.ts';
import { norms } from './norms.ts';
import { standardised } from './standardised.ts';

/**
 * Attention without a causal mask, in chunks: [kvHeads, S], before smoothing. With `padded` the last chunk competes with
 * keys and queries of zeros that fill it up, as in the reference.
 */
function attentionInChunks(layer: LayerObservation, chunk: number, padded: boolean): Float64Array {
  const { seqLen, kvHeads, queryHeads, headDim, keys, values } = layer;
  const queries = rotated(layer.queries(), layer.rotary(), seqLen, headDim);
  const group = groupSize(layer);
  const scores = new Float64Array(kvHeads * seqLen);
  const logits = new Float64Array(chunk);
  for (let query = 0; query < queryHeads; query++) {
    const head = Math.floor(query / group);
    for (let start = 0; start < seqLen; start += chunk) {
      const length = Math.min(chunk, seqLen - start);
      const padding = padded ? chunk - length : 0;
      for (let row = 0; row < length; row++) {
        const from = (query * seqLen + start + row) * headDim;
        let highest = padding > 0 ? 0 : -Infinity;
        for (let column = 0; column < length; column++) {
          const to = (head * seqLen + start + column) * headDim;
          let dot = 0;
          for (let channel = 0; channel < headDim; channel++) dot += queries[from + channel]! * keys[to + channel]!;
          logits[column] = dot;
          if (dot > highest) highest = dot;
        }
        let total = padding * Math.exp(-highest);
        for (let column = 0; column < length; column++) {
          logits[column] = Math.exp(logits[column]! - highest);
          total += logits[column]!;
        }
        for (let column = 0; column < length; column++)
          scores[head * seqLen + start + column]! += logits[column]! / (total * group);
      }
      for (let column = 0; column < length; column++)
        scores[head * seqLen + start + column]! += padding / (chunk * group);
    }
  }
  const lengths = norms(values, headDim);
  return scores.map((score, entry) => score * lengths[entry]!);
}

/** Mean over a position and its two neighbours; beyond the ends count zeros. */
function smoothed(scores: Float64Array, seqLen: number): Float64Array {
  return scores.map((score, entry) => {
    const position = entry % seqLen;
    const before = position === 0 ? 0 : scores[entry - 1]!;
    const after = position === seqLen - 1 ? 0 : scores[entry + 1]!;
    return (before + score + after) / 3;
  });
}

/** Scores of `noncausal`; `padded` only to compare with the reference. */
export function noncausalScores(layer: LayerObservation, chunk: number, padded = false): Float32Array {
  return Float32Array.from(standardised(smoothed(attentionInChunks(layer, chunk, padded), layer.seqLen)));
}

/** Non-causal attention of Compactor: what all queries of a chunk attend to, those before it too. */
export const noncausal = definePolicy({
  id: 'noncausal',
  title: 'Non-causal attention',
  paper: {
    title: 'Compactor: Calibrated Query-Agnostic KV Cache Compression with Approximate Leverage Scores',
    url: 'https://arxiv.org/abs/2507.08143',
  },
  formula:
    'Softmax of q.k (not scaled, no causal mask) over chunks of `chunk` positions, summed over queries, mean over the group, x value norm, smoothed over 3, standardised over the layer.',
  cost: 'S x chunk x d per query head',
  schema: z.strictObject({ chunk: z.int().min(1).default(256) }),
  create: ({ chunk }) => ({
    summary: `Keeps what all tokens within ${chunk} attend to, also the ones before a token.`,
    needs: () => ({ queries: true, rotary: true }),
    score: (layer) => noncausalScores(layer, chunk),
  }),
});
