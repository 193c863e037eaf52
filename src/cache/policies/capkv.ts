import { z } from 'zod';
import { groupSize, type LayerObservation } from '../layerObservation.ts';
import { definePolicy } from './family.ts';
import { meanFutureRotation, meanQuery } from './futureRotation.ts';
import { groupMean } from './groupMean.ts';
import { norms } from './norms.ts';
import { firstStay } from './policy.ts';
import { InverseForm } from './quadraticForm.ts';

/** CapKV: how much of the capacity of the values a token holds, weighted by how near its key is to expected queries. */
export const capkv = definePolicy({
  id: 'capkv',
  title: 'CapKV',
  paper: { title: 'CapKV', url: 'https://arxiv.org/abs/2604.25975' },
  formula:
    'w.(v.A^-1.v) with w = exp(`tau` cos(anchor, key)) relative to the largest, A = I + sum of (w + `epsilon`) v v^T and the anchor the mean query after the sinks under the mean rotation of the next `future` positions; mean over the group; the sinks stay.',
  cost: 'S x d^2 per query head',
  schema: z.strictObject({
    tau: z.number().default(5),
    future: z.int().min(1).default(512),
    sinks: z.int().min(0).default(4),
    epsilon: z.number().min(0).default(1e-6),
  }),
  create({ tau, future, sinks, epsilon }) {
    return {
      summary: `Keeps the tokens whose values add most to what queries of the next ${future} positions can read.`,
      needs: () => ({ queries: true, rotary: true }),
      score(layer) {
        const { seqLen, kvHeads, queryHeads, headDim } = layer;
        if (seqLen <= sinks) return new Float32Array(kvHeads * seqLen);
        const rotation = meanFutureRotation(layer, future);
        const queries = layer.queries();
        const lengths = norms(layer.keys, headDim);
        const scores = new Float64Array(queryHeads * seqLen);
        for (let head = 0; head < queryHeads; head++) {
          const anchor = meanQuery(layer, queries, head, sinks);
          rotation.vector(anchor);
          const weights = nearness(layer, head, sinks, anchor, lengths, tau);
          const values = layer.values.subarray(
            Math.floor(head / groupSize(layer)) * seqLen * headDim,
            (Math.floor(head / groupSize(layer)) + 1) * seqLen * headDim,
          );
          const form = new InverseForm(capacity(values, weights, headDim, sinks, epsilon), headDim);
          for (let position = sinks; position < seqLen; position++)
            scores[head * seqLen + position] = weights[position]! * form.of(values, position * headDim);
        }
        return Float32Array.from(groupMean(layer, scores));
      },
      protect: firstStay(sinks),
      notes: (seqLen) => (seqLen <= sinks ? [`CapKV needs more than ${sinks} tokens.`] : []),
    };
  },
});

/** exp(tau cos(anchor, key)) relative to the largest, [S]; 0 for sinks. */
function nearness(
  layer: LayerObservation,
  head: number,
  sinks: number,
  anchor: Float64Array,
  keyLengths: Float64Array,
  tau: number,
): Float64Array {
  const { seqLen, headDim, keys } = layer;
  const first = Math.floor(head / groupSize(layer)) * seqLen;
  const anchorLength = Math.max(1e-12, Math.hypot(...anchor));
  const cosines = new Float64Array(seqLen);
  for (let position = sinks; position < seqLen; position++) {
    let dot = 0;
    for (let channel = 0; channel < headDim; channel++)
      dot += anchor[channel]! * keys[(first + position) * headDim + channel]!;
    const cosine = dot / (anchorLength * Math.max(1e-12, keyLengths[first + position]!));
    cosines[position] = tau * Math.max(-1, Math.min(1, cosine));
  }
  let highest = -Infinity;
  for (let position = sinks; position < seqLen; position++) highest = Math.max(highest, cosines[position]!);
  return cosines.map((value, position) => (position < sinks ? 0 : Math.exp(value - highest)));
}

/** `I + sum of (w + epsilon) v v^T`, [headDim, headDim]. */
function capacity(
  values: Float32Array,
  weights: Float64Array,
  headDim: number,
  first: number,
  epsilon: number,
): Float64Array {
  const matrix = new Float64Array(headDim * headDim);
  for (let position = first; position < weights.length; position++) {
    const weight = weights[position]! + epsilon;
    for (let row = 0; row < headDim; row++) {
      const value = weight * values[position * headDim + row]!;
      for (let column = 0; column < headDim; column++)
        matrix[row * headDim + column]! += value * values[position * headDim + column]!;
    }
  }
  for (let row = 0; row < headDim; row++) matrix[row * headDim + row]! += 1;
  return matrix;
}
