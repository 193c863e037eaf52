import { groupSize, type LayerShape } from '../layerObservation.ts';

/** Mean over the query heads of each KV head: [queryHeads, S] -> [kvHeads, S]. */
export function groupMean(layer: LayerShape, perQueryHead: ArrayLike<number>): Float64Array {
  const { seqLen, kvHeads } = layer;
  const group = groupSize(layer);
  const means = new Float64Array(kvHeads * seqLen);
  for (let head = 0; head < kvHeads; head++) {
    for (let query = head * group; query < (head + 1) * group; query++) {
      for (let position = 0; position < seqLen; position++)
        means[head * seqLen + position]! += perQueryHead[query * seqLen + position]! / group;
    }
  }
  return means;
}
