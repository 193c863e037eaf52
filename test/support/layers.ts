import {
  createObservation,
  rowGroupKey,
  rowRange,
  type LayerObservation,
  type LayerShape,
  type ObservationParts,
} from '../../src/cache/layerObservation.ts';
import { rotaryOf, unrotated, type Rotary } from '../../src/cache/rotary.ts';
import { secondPassKey } from '../../src/cache/secondPass.ts';

/** An observation from full attention probabilities [queryHeads, S, S]. */
export function layerFromAttention(
  shape: LayerShape,
  keys: Float32Array,
  values: Float32Array,
  attention: ArrayLike<number>,
  others: Partial<ObservationParts> = {},
): LayerObservation {
  const { seqLen, queryHeads } = shape;
  const cached = new Map<string, Float32Array>();
  return createObservation({
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
    ...others,
  });
}

/** An observation from rotated queries [queryHeads, S, headDim] and keys: causal softmax in float64. */
export function layerFromQueries(
  shape: LayerShape,
  keys: Float32Array,
  values: Float32Array,
  queries: Float32Array,
  others: Partial<ObservationParts> = {},
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
  return layerFromAttention(shape, keys, values, attention, others);
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

/** Rotary frequencies theta^(-2j / d). */
export const testRotary = (headDim: number, theta = 10000): Rotary =>
  rotaryOf(Array.from({ length: headDim / 2 }, (_, j) => theta ** ((-2 * j) / headDim)));

/** A layer of random queries, keys, values and weights that has all that a policy may need: 4 query heads over 2 KV heads. */
export function randomLayer(seqLen: number, seed: number, headDim = 4): LayerObservation {
  const shape = { seqLen, queryHeads: 4, kvHeads: 2, headDim };
  const keys = noise(2 * seqLen * headDim, seed);
  const values = noise(2 * seqLen * headDim, seed + 1);
  const queries = noise(4 * seqLen * headDim, seed + 2).map((value) => value * 4);
  const rotary = testRotary(headDim);
  return layerFromQueries(shape, keys, values, queries, {
    queries: () => unrotated(queries, rotary, seqLen, headDim),
    rotary: () => rotary,
    outputWeight: () => noise(8 * 4 * headDim, seed + 3),
    secondPass(pass) {
      const length = pass.scored.end - pass.scored.start;
      const passSeed = Buffer.from(secondPassKey(pass)).reduce((sum, byte) => sum + byte, seed + 4);
      return noise(4 * length, passSeed).map(Math.abs);
    },
  });
}
