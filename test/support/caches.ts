import type { CacheLayer } from '../../src/cache/quantised/quantisedCache.ts';
import { noise } from './layers.ts';

/** A layer of random keys and values: 2 KV heads. */
export function noiseLayer(seqLen: number, headDim: number, seed: number, scale = 1): CacheLayer {
  const elements = 2 * seqLen * headDim;
  return {
    seqLen,
    kvHeads: 2,
    headDim,
    window: null,
    keys: noise(elements, seed).map((value) => value * scale),
    values: noise(elements, seed + 1).map((value) => value * scale),
  };
}

/** Root mean square of what a representation changes. */
export function rootMeanSquare(actual: Float32Array, exact: Float32Array): number {
  return Math.sqrt(actual.reduce((sum, value, index) => sum + (value - exact[index]!) ** 2, 0) / actual.length);
}
