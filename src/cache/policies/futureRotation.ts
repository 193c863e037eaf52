import type { LayerObservation } from '../layerObservation.ts';

/** The mean of the rotations at the positions [S, S + future), applied to vectors of one head before RoPE. */
export interface MeanRotation {
  /** Rotates a vector [headDim] in place. */
  vector(target: Float64Array): void;
  /** Rotates rows and columns of a matrix [headDim, headDim] in place: `R M R^T`. */
  matrix(target: Float64Array): void;
}

export function meanFutureRotation(layer: LayerObservation, future: number): MeanRotation {
  const { seqLen, headDim } = layer;
  const rotary = layer.rotary();
  const { half } = rotary;
  const table = rotary.at(seqLen, seqLen + future);
  const cos = new Float64Array(half);
  const sin = new Float64Array(half);
  for (let at = 0; at < table.cos.length; at++) {
    cos[at % half]! += table.cos[at]! / future;
    sin[at % half]! += table.sin[at]! / future;
  }
  /** Rotates the vector of every `stride`-th element from `offset` on. */
  const rotate = (target: Float64Array, offset: number, stride: number): void => {
    for (let channel = 0; channel < half; channel++) {
      const low = offset + channel * stride;
      const high = offset + (channel + half) * stride;
      const first = target[low]!;
      const second = target[high]!;
      target[low] = first * cos[channel]! - second * sin[channel]!;
      target[high] = second * cos[channel]! + first * sin[channel]!;
    }
  };
  return {
    vector: (target) => rotate(target, 0, 1),
    matrix(target) {
      for (let row = 0; row < headDim; row++) rotate(target, row * headDim, 1);
      for (let column = 0; column < headDim; column++) rotate(target, column, headDim);
    },
  };
}

/** Mean of the queries of one head at the positions from `first` on, [headDim]. */
export function meanQuery(layer: LayerObservation, queries: Float32Array, head: number, first: number): Float64Array {
  const { seqLen, headDim } = layer;
  const mean = new Float64Array(headDim);
  for (let position = first; position < seqLen; position++) {
    const at = (head * seqLen + position) * headDim;
    for (let channel = 0; channel < headDim; channel++) mean[channel]! += queries[at + channel]! / (seqLen - first);
  }
  return mean;
}
