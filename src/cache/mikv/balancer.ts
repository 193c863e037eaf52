import type { LayerObservation } from '../layerObservation.ts';

/** Balancing factors stay in a range that halves can hold. */
const smallestFactor = 1e-4;
const largestFactor = 1e4;

type HeadShape = Pick<LayerObservation, 'seqLen' | 'kvHeads' | 'headDim'>;

/**
 * Each channel's largest |query| of the prompt, over the query heads that read one KV head: what the balancer needs from a
 * prefill. Queries [queryHeads, S, headDim] are taken after RoPE. The paper is silent on groups of query heads.
 */
export function queryMagnitudes(
  queries: Float32Array,
  shape: HeadShape & Pick<LayerObservation, 'queryHeads'>,
): Float32Array {
  const { seqLen, queryHeads, kvHeads, headDim } = shape;
  return channelMagnitudes(queries, { kvHeads, seqLen: (queryHeads / kvHeads) * seqLen, headDim });
}

/** Each channel's largest magnitude over a head's rows of [kvHeads, S, headDim]. */
function channelMagnitudes(tensor: Float32Array, { seqLen, kvHeads, headDim }: HeadShape): Float32Array {
  const largest = new Float32Array(kvHeads * headDim);
  for (let index = 0; index < tensor.length; index++) {
    const channel = Math.floor(index / (seqLen * headDim)) * headDim + (index % headDim);
    largest[channel] = Math.max(largest[channel]!, Math.abs(tensor[index]!));
  }
  return largest; // [kvHeads, headDim]
}

/**
 * MiKV's channel balancer (arXiv 2402.18096, after SmoothQuant): `sqrt(max|q| / max|k|)` per KV head and channel, by which
 * keys are multiplied before quantisation and divided after, so that an outlier channel does not take the whole grid. 1
 * where a maximum is zero; clamped to [1e-4, 1e4]; computed once on the prompt.
 *
 * @param queryMax Largest |query| per KV head and channel [kvHeads, headDim].
 * @returns Factors [kvHeads, headDim].
 */
export function channelBalancer(keys: Float32Array, queryMax: Float32Array, shape: HeadShape): Float32Array {
  const keyMax = channelMagnitudes(keys, shape);
  return keyMax.map((key, channel) => {
    const query = queryMax[channel]!;
    if (key === 0 || query === 0) return 1;
    return Math.max(smallestFactor, Math.min(largestFactor, Math.sqrt(query / key)));
  });
}
