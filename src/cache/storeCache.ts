import { countBytes } from './bytes.ts';
import { tierPolicy, type CacheRequest } from './cacheRequest.ts';
import { compress, type Compression } from './compress.ts';
import { KeptSet } from './keptSet.ts';
import type { LayerObservation } from './layerObservation.ts';
import { queryMagnitudes } from './mikv/balancer.ts';
import { importanceTier } from './mikv/importanceTier.ts';
import { mikvCache } from './mikv/mikvCache.ts';
import { parsePolicy } from './policies/index.ts';
import { cacheShape, fullCacheBytes } from './quantised/cacheShape.ts';
import { parseCacheFormat } from './quantised/index.ts';
import { quantiseCache, type QuantisedCache } from './quantised/quantisedCache.ts';
import { rotated } from './rotary.ts';

/**
 * Holds the cache of an exact prefill as asked for: evicted by a policy, at two precisions, or in the format of an engine.
 *
 * @throws HoldfastError as `compress`, `mikvCache` and `quantiseCache` do.
 */
export function storeCache(layers: readonly LayerObservation[], request: CacheRequest): Compression {
  switch (request.kind) {
    case 'eviction':
      return compress(layers, parsePolicy(request.policy), request.ratio, request.protections);
    case 'mixed-precision': {
      const { importantTokens, precision, split, protections } = request;
      const policy = tierPolicy(request);
      const tier = importanceTier(layers, importantTokens, { policy, split, ...protections });
      const balanced = precision.balancer
        ? layers.map((layer) => ({ ...layer, queryMax: largestQueries(layer) }))
        : layers;
      return held(layers, mikvCache(balanced, tier, precision));
    }
    case 'quantised':
      return held(layers, quantiseCache(layers, parseCacheFormat(request.format)));
  }
}

const largestQueries = (layer: LayerObservation): Float32Array =>
  queryMagnitudes(rotated(layer.queries(), layer.rotary(), layer.seqLen, layer.headDim), layer);

/** A cache that holds every entry. */
function held(layers: readonly LayerObservation[], { keyValues, bytes, notes }: QuantisedCache): Compression {
  const { kvHeads, seqLen } = layers[0]!;
  return {
    kept: KeptSet.full(layers.length, kvHeads, seqLen),
    keptTokens: seqLen,
    bytes: countBytes(bytes, 'payload'),
    bookkeepingBytes: bytes.bookkeeping,
    fullBytes: countBytes(fullCacheBytes(cacheShape(layers)), 'payload'),
    notes,
    keyValues,
    nextPosition: seqLen,
  };
}
