/** L2 norms of vectors that lie one after another: [entries * headDim] -> [entries]. */
export function norms(vectors: Float32Array, headDim: number): Float64Array {
  const lengths = new Float64Array(vectors.length / headDim);
  for (let entry = 0; entry < lengths.length; entry++) {
    let squares = 0;
    for (let at = entry * headDim; at < (entry + 1) * headDim; at++) squares += vectors[at]! ** 2;
    lengths[entry] = Math.sqrt(squares);
  }
  return lengths;
}
