import { groupSize, rowGroupKey, rowRange, type LayerObservation, type RowGroup } from './layerObservation.ts';
import { rotated, shifted } from './rotary.ts';

/**
 * The part [start, end) of a layer as if it were the whole prefix, at its own positions: attention among its tokens only,
 * computed from the queries where it is read.
 */
export function slice(layer: LayerObservation, start: number, end: number): LayerObservation {
  const { headDim } = layer;
  const length = end - start;
  const part = (vectors: Float32Array): Float32Array => sliced(vectors, layer.seqLen, headDim, start, end);
  const keys = part(layer.keys);
  const inner: LayerObservation = {
    ...layer,
    seqLen: length,
    keys,
    values: part(layer.values),
    columnSums: (rows) => attentionSums(inner, rows),
    queries: () => part(layer.queries()),
    rotary: () => shifted(layer.rotary(), start),
    secondPass: () => {
      throw new RangeError('A part of a prefix has no second pass.');
    },
  };
  return inner;
}

/** Entries of each KV head as if they were the whole prefix; `positions` has the same number for each head. Keys and values only. */
export function gather(layer: LayerObservation, positions: readonly Int32Array[]): LayerObservation {
  const { seqLen, headDim } = layer;
  const length = positions[0]!.length;
  const pick = (vectors: Float32Array): Float32Array => {
    const picked = new Float32Array(positions.length * length * headDim);
    for (const [head, kept] of positions.entries()) {
      for (const [index, position] of kept.entries()) {
        const from = (head * seqLen + position) * headDim;
        picked.set(vectors.subarray(from, from + headDim), (head * length + index) * headDim);
      }
    }
    return picked;
  };
  const none = (): never => {
    throw new RangeError('A choice of entries has only keys and values.');
  };
  return {
    ...layer,
    seqLen: length,
    keys: pick(layer.keys),
    values: pick(layer.values),
    columnSums: none,
    queries: none,
    rotary: none,
    secondPass: none,
  };
}

/** [heads, S, headDim] -> [heads, end - start, headDim]. */
function sliced(vectors: Float32Array, seqLen: number, headDim: number, start: number, end: number): Float32Array {
  const row = (end - start) * headDim;
  const heads = vectors.length / (seqLen * headDim);
  const part = new Float32Array(heads * row);
  for (let head = 0; head < heads; head++) {
    const from = (head * seqLen + start) * headDim;
    part.set(vectors.subarray(from, from + row), head * row);
  }
  return part;
}

const known = new WeakMap<LayerObservation, Map<string, Float32Array>>();

/** Causal softmax attention of query rows, summed per query head, [queryHeads, S]; computed once per observation. */
function attentionSums(layer: LayerObservation, group: RowGroup): Float32Array {
  const ofLayer = known.get(layer) ?? new Map<string, Float32Array>();
  known.set(layer, ofLayer);
  const key = rowGroupKey(group);
  const found = ofLayer.get(key);
  if (found !== undefined) return found;
  const { seqLen, queryHeads, headDim, keys } = layer;
  const queries = rotated(layer.queries(), layer.rotary(), seqLen, headDim);
  const rows = rowRange(group, seqLen);
  const sums = new Float64Array(queryHeads * seqLen);
  const weights = new Float64Array(seqLen);
  for (let query = 0; query < queryHeads; query++) {
    const firstKey = Math.floor(query / groupSize(layer)) * seqLen * headDim;
    for (let row = rows.start; row < rows.end; row++) {
      const from = (query * seqLen + row) * headDim;
      let highest = -Infinity;
      for (let column = 0; column <= row; column++) {
        let dot = 0;
        for (let channel = 0; channel < headDim; channel++)
          dot += queries[from + channel]! * keys[firstKey + column * headDim + channel]!;
        weights[column] = dot / Math.sqrt(headDim);
        highest = Math.max(highest, weights[column]!);
      }
      let total = 0;
      for (let column = 0; column <= row; column++) total += weights[column] = Math.exp(weights[column]! - highest);
      for (let column = 0; column <= row; column++) sums[query * seqLen + column]! += weights[column]! / total;
    }
  }
  const rounded = Float32Array.from(sums);
  ofLayer.set(key, rounded);
  return rounded;
}
