import { groupSize, type LayerObservation } from '../layerObservation.ts';

/** Norm (1: sum of magnitudes, 2: Euclidean) of what each value adds to the output of each query head: [queryHeads, S]. */
export function outputNorms(layer: LayerObservation, order: 1 | 2): Float64Array {
  const { seqLen, queryHeads, headDim, values } = layer;
  const weight = layer.outputWeight();
  const columns = queryHeads * headDim;
  const result = new Float64Array(queryHeads * seqLen);
  for (let query = 0; query < queryHeads; query++) {
    const firstValue = Math.floor(query / groupSize(layer)) * seqLen * headDim;
    for (let row = query * headDim; row < weight.length; row += columns) {
      for (let position = 0; position < seqLen; position++) {
        let output = 0;
        for (let channel = 0; channel < headDim; channel++)
          output += weight[row + channel]! * values[firstValue + position * headDim + channel]!;
        result[query * seqLen + position]! += order === 1 ? Math.abs(output) : output * output;
      }
    }
  }
  return order === 1 ? result : result.map(Math.sqrt);
}
