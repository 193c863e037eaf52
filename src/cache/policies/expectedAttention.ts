import { z } from 'zod';
import { groupSize, type LayerObservation } from '../layerObservation.ts';
import { definePolicy } from './family.ts';
import { meanFutureRotation, meanQuery } from './futureRotation.ts';
import { groupMean } from './groupMean.ts';
import { norms } from './norms.ts';
import { firstStay } from './policy.ts';

/** Expected attention: how much queries like the ones so far would attend to a key from the next positions. */
export const expectedAttention = definePolicy({
  id: 'expected-attention',
  title: 'Expected attention',
  paper: {
    title: 'Expected Attention: KV Cache Compression by Estimating Attention from Future Queries Distribution',
    url: 'https://arxiv.org/abs/2510.00636',
  },
  formula:
    'Softmax over positions of mean.k / sqrt(d) + k.C.k / (2 d), with mean and covariance C of the queries after the sinks, rotated by the mean rotation of the next `future` positions; mean over the group, (score + `epsilon`) x value norm; the sinks stay.',
  cost: 'S x d^2 per query head',
  schema: z.strictObject({
    future: z.int().min(1).default(512),
    sinks: z.int().min(0).default(4),
    covariance: z.boolean().default(true),
    valueNorm: z.boolean().default(true),
    epsilon: z.number().min(0).default(0),
  }),
  create({ future, sinks, covariance, valueNorm, epsilon }) {
    return {
      summary: `Keeps the tokens that queries of the next ${future} positions are expected to attend to.`,
      needs: () => ({ queries: true, rotary: true }),
      score(layer) {
        const { seqLen, kvHeads, queryHeads, headDim } = layer;
        if (seqLen <= sinks) return new Float32Array(kvHeads * seqLen);
        const rotation = meanFutureRotation(layer, future);
        const queries = layer.queries();
        const expected = new Float64Array(queryHeads * seqLen);
        for (let head = 0; head < queryHeads; head++) {
          const mean = meanQuery(layer, queries, head, sinks);
          const spread = covariance ? covarianceOf(layer, queries, head, sinks, mean) : undefined;
          rotation.vector(mean);
          if (spread !== undefined) rotation.matrix(spread);
          fillExpected(expected.subarray(head * seqLen, (head + 1) * seqLen), layer, head, sinks, mean, spread);
        }
        const scores = groupMean(layer, expected);
        if (!valueNorm) return Float32Array.from(scores);
        const lengths = norms(layer.values, headDim);
        return Float32Array.from(scores, (score, entry) => (score + epsilon) * lengths[entry]!);
      },
      protect: firstStay(sinks),
      notes: (seqLen) => (seqLen <= sinks ? [`Expected attention needs more than ${sinks} tokens.`] : []),
    };
  },
});

/** Biased covariance of the queries of one head from a position on, [headDim, headDim]. */
function covarianceOf(
  { seqLen, headDim }: LayerObservation,
  queries: Float32Array,
  head: number,
  first: number,
  mean: Float64Array,
): Float64Array {
  const matrix = new Float64Array(headDim * headDim);
  const centred = new Float64Array(headDim);
  for (let position = first; position < seqLen; position++) {
    const at = (head * seqLen + position) * headDim;
    for (let channel = 0; channel < headDim; channel++) centred[channel] = queries[at + channel]! - mean[channel]!;
    for (let row = 0; row < headDim; row++) {
      const value = centred[row]! / (seqLen - first);
      for (let column = 0; column <= row; column++) matrix[row * headDim + column]! += value * centred[column]!;
    }
  }
  for (let row = 0; row < headDim; row++)
    for (let column = row + 1; column < headDim; column++)
      matrix[row * headDim + column] = matrix[column * headDim + row]!;
  return matrix;
}

/** Softmax over the positions from `first` on of the expected logits of one query head; 0 before. */
function fillExpected(
  row: Float64Array,
  layer: LayerObservation,
  head: number,
  first: number,
  mean: Float64Array,
  spread: Float64Array | undefined,
): void {
  const { seqLen, headDim, keys } = layer;
  const keyHead = Math.floor(head / groupSize(layer));
  let highest = -Infinity;
  for (let position = first; position < seqLen; position++) {
    const at = (keyHead * seqLen + position) * headDim;
    let dot = 0;
    let quadratic = 0;
    for (let i = 0; i < headDim; i++) {
      const key = keys[at + i]!;
      dot += mean[i]! * key;
      if (spread === undefined) continue;
      let inner = 0;
      for (let j = 0; j < headDim; j++) inner += spread[i * headDim + j]! * keys[at + j]!;
      quadratic += key * inner;
    }
    row[position] = dot / Math.sqrt(headDim) + quadratic / (2 * headDim);
    highest = Math.max(highest, row[position]!);
  }
  let total = 0;
  for (let position = first; position < seqLen; position++) {
    row[position] = Math.exp(row[position]! - highest);
    total += row[position]!;
  }
  for (let position = first; position < seqLen; position++) row[position]! /= total;
}
