import { z } from 'zod';
import { definePolicy } from './family.ts';
import { firstStay } from './policy.ts';

/**
 * LagKV: how much a token's keys and values spread between the minima and maxima of the next `lag` tokens, compared with
 * its neighbours only. A channel whose next tokens are all equal does not count.
 */
export const lagkv = definePolicy({
  id: 'lagkv',
  title: 'LagKV',
  paper: {
    title: 'LagKV: Lag-Relative Information of the KV Cache Tells Which Tokens Are Important',
    url: 'https://arxiv.org/abs/2504.04704',
  },
  formula:
    'Partitions of `lag` tokens after the sinks: softmax over the partition of the deviation over channels of (X - min) / (max - min), with the extremes of the next partition, mean of keys and values, as ranks within the partition (`cross`: as they are). Sinks, the last partition and what is left over score 1; below two partitions the score is the position.',
  cost: 'S x d per KV head',
  schema: z.strictObject({
    sinks: z.int().min(0).default(4),
    lag: z.int().min(2).default(128),
    cross: z.boolean().default(false),
  }),
  create({ sinks, lag, cross }) {
    return {
      summary: `Keeps the tokens that stand out against the ${lag} after them, the first ${sinks} and the last ${lag}.`,
      needs: () => ({}),
      score({ seqLen, kvHeads, headDim, keys, values }) {
        const scores = new Float32Array(kvHeads * seqLen).fill(1);
        if (seqLen < sinks + 2 * lag) {
          for (let head = 0; head < kvHeads; head++)
            for (let position = sinks; position < seqLen; position++)
              scores[head * seqLen + position] = (position - sinks) / (seqLen - sinks);
          return scores;
        }
        const partitions = Math.floor((seqLen - sinks) / lag);
        for (let head = 0; head < kvHeads; head++) {
          for (let partition = 0; partition < partitions - 1; partition++) {
            const first = head * seqLen + sinks + partition * lag;
            const ofKeys = spread(keys, first, lag, headDim);
            const ofValues = spread(values, first, lag, headDim);
            const means = ofKeys.map((value, index) => (value + ofValues[index]!) / 2);
            scores.set(cross ? means : ranks(means), first);
          }
        }
        return scores;
      },
      protect: firstStay(sinks),
      notes: (seqLen) =>
        seqLen < sinks + 2 * lag
          ? [`LagKV keeps the most recent tokens: the system turn has fewer than ${sinks + 2 * lag}.`]
          : [],
    };
  },
});

/** Softmax over `lag` entries from `first` of the deviation over channels, scaled to the range of the next `lag`. */
function spread(vectors: Float32Array, first: number, lag: number, headDim: number): Float64Array {
  const lowest = new Float64Array(headDim).fill(Infinity);
  const highest = new Float64Array(headDim).fill(-Infinity);
  for (let entry = first + lag; entry < first + 2 * lag; entry++) {
    for (let channel = 0; channel < headDim; channel++) {
      const value = vectors[entry * headDim + channel]!;
      if (value < lowest[channel]!) lowest[channel] = value;
      if (value > highest[channel]!) highest[channel] = value;
    }
  }
  const deviations = Float64Array.from({ length: lag }, (_, index) => {
    let [sum, squares] = [0, 0];
    for (let channel = 0; channel < headDim; channel++) {
      const range = highest[channel]! - lowest[channel]!;
      const scaled = range === 0 ? 0 : (vectors[(first + index) * headDim + channel]! - lowest[channel]!) / range;
      sum += scaled;
      squares += scaled * scaled;
    }
    return Math.sqrt(Math.max(0, squares - (sum * sum) / headDim) / Math.max(1, headDim - 1));
  });
  const top = deviations.reduce((best, value) => Math.max(best, value), -Infinity);
  const weights = deviations.map((value) => Math.exp(value - top));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return weights.map((value) => value / total);
}

/** Ascending ranks from 0, divided by their number; of equal values the lower position ranks lower. */
function ranks(values: Float64Array): Float64Array {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]! || a - b);
  const result = new Float64Array(values.length);
  for (const [rank, index] of order.entries()) result[index] = rank / values.length;
  return result;
}
