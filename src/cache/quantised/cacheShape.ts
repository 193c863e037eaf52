import { exactBytes, sumBytes, type CacheBytes } from '../bytes.ts';

/** The part of a cache's shape that the bytes of one token in one layer depend on. */
export interface EntryShape {
  readonly kvHeads: number;
  readonly headDim: number;
}

/** The shape of a model's cache of a system turn. */
export interface CacheShape extends EntryShape {
  /** S: tokens of the system turn. */
  readonly seqLen: number;
  /** Each layer's sliding window in tokens, null for none. */
  readonly windows: readonly (number | null)[]; // [layers]
}

/** Tokens that a layer's cache holds: the whole system turn, or its last window. */
export const heldTokens = (seqLen: number, window: number | null): number => Math.min(seqLen, window ?? seqLen);

/** Bytes of the uncompressed cache, in 16 bits: what fractions of bytes are fractions of. */
export function fullCacheBytes({ kvHeads, headDim, seqLen, windows }: CacheShape): CacheBytes {
  return sumBytes(windows.map((window) => exactBytes(kvHeads * heldTokens(seqLen, window), headDim)));
}

/** The shape of a cache, from its layers. */
export function cacheShape(
  layers: readonly (EntryShape & { readonly seqLen: number; readonly window: number | null })[],
): CacheShape {
  const first = layers[0];
  if (first === undefined) throw new RangeError('A cache needs at least one layer.');
  const { kvHeads, headDim, seqLen } = first;
  return { kvHeads, headDim, seqLen, windows: layers.map(({ window }) => window) };
}
