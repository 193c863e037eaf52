const bytesPerElement = 2; // fp16

/**
 * Bytes of the keys and values of cache entries in fp16; an entry is one position of one layer and KV head. Every
 * variant is counted in fp16, whatever precision the engine computes in, so that sizes compare between engines.
 */
export function cacheBytes(entries: number, headDim: number): number {
  return entries * headDim * 2 * bytesPerElement;
}
