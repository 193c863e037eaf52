import { rowGroupKey, rowRange, type LayerObservation } from '../../src/cache/layerObservation.ts';

interface LayerShape {
  readonly seqLen: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** An observation from full attention probabilities [queryHeads, S, S]. */
export function layerFromAttention(
  shape: LayerShape,
  keys: Float32Array,
  values: Float32Array,
  attention: ArrayLike<number>,
): LayerObservation {
  const { seqLen, queryHeads } = shape;
  const cached = new Map<string, Float32Array>();
  return {
    ...shape,
    window: null,
    keys,
    values,
    columnSums(rows) {
      const key = rowGroupKey(rows);
      const known = cached.get(key);
      if (known !== undefined) return known;
      const { start, end } = rowRange(rows, seqLen);
      const sums = new Float64Array(queryHeads * seqLen);
      for (let head = 0; head < queryHeads; head++)
        for (let row = start; row < end; row++)
          for (let column = 0; column <= row; column++)
            sums[head * seqLen + column]! += attention[(head * seqLen + row) * seqLen + column]!;
      const rounded = Float32Array.from(sums);
      cached.set(key, rounded);
      return rounded;
    },
  };
}

/** An observation from rotated queries [queryHeads, S, headDim] and keys: causal softmax in float64. */
export function layerFromQueries(
  shape: LayerShape,
  keys: Float32Array,
  values: Float32Array,
  queries: Float32Array,
): LayerObservation {
  const { seqLen, queryHeads, kvHeads, headDim } = shape;
  const attention = new Float64Array(queryHeads * seqLen * seqLen);
  for (let head = 0; head < queryHeads; head++) {
    const keyHead = Math.floor((head * kvHeads) / queryHeads);
    for (let row = 0; row < seqLen; row++) {
      const out = attention.subarray((head * seqLen + row) * seqLen, (head * seqLen + row + 1) * seqLen);
      let highest = -Infinity;
      for (let column = 0; column <= row; column++) {
        let dot = 0;
        for (let channel = 0; channel < headDim; channel++) {
          dot +=
            queries[(head * seqLen + row) * headDim + channel]! *
            keys[(keyHead * seqLen + column) * headDim + channel]!;
        }
        out[column] = dot / Math.sqrt(headDim);
        highest = Math.max(highest, out[column]!);
      }
      let sum = 0;
      for (let column = 0; column <= row; column++) sum += out[column] = Math.exp(out[column]! - highest);
      for (let column = 0; column <= row; column++) out[column]! /= sum;
    }
  }
  return layerFromAttention(shape, keys, values, attention);
}

/** Numbers in [-1, 1) from a seed (mulberry32). */
export function noise(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** A layer of random queries, keys and values: 4 query heads over 2 KV heads. */
export function randomLayer(seqLen: number, seed: number, headDim = 4): LayerObservation {
  const shape = { seqLen, queryHeads: 4, kvHeads: 2, headDim };
  const keys = noise(2 * seqLen * headDim, seed);
  const values = noise(2 * seqLen * headDim, seed + 1);
  const queries = noise(4 * seqLen * headDim, seed + 2).map((value) => value * 4);
  return layerFromQueries(shape, keys, values, queries);
}
