const bytesPerElement = 2; // fp16
const bytesPerPosition = 4;
const bytesPerScore = 8;

/**
 * Bytes of the keys and values of cache entries in fp16; an entry is one position of one layer and KV head. Every
 * variant is counted in fp16, whatever precision the engine computes in, so that sizes compare between engines.
 */
export function cacheBytes(entries: number, headDim: number): number {
  return entries * headDim * 2 * bytesPerElement;
}

/** What a cache occupies, by what the bytes are for. Allocation steps and page tables of engines are not counted. */
export interface CacheBytes {
  /** Keys and values in 16 bits, residual windows included. */
  readonly exact: number;
  /** Quantised keys and values, packed. */
  readonly codes: number;
  /** Scales, offsets and zero points of the codes. */
  readonly metadata: number;
  /** What papers do not count: positions, scores, channel balancers. */
  readonly bookkeeping: number;
}

export const noBytes: CacheBytes = { exact: 0, codes: 0, metadata: 0, bookkeeping: 0 };

/** Bytes of several parts of a cache together. */
export function sumBytes(parts: Iterable<CacheBytes>): CacheBytes {
  const sum = { ...noBytes };
  for (const { exact, codes, metadata, bookkeeping } of parts) {
    sum.exact += exact;
    sum.codes += codes;
    sum.metadata += metadata;
    sum.bookkeeping += bookkeeping;
  }
  return sum;
}

/** Which bytes a comparison counts: `payload` as papers do, `total` with the bookkeeping. */
export type ByteCount = 'payload' | 'total';

export function countBytes({ exact, codes, metadata, bookkeeping }: CacheBytes, count: ByteCount): number {
  return exact + codes + metadata + (count === 'total' ? bookkeeping : 0);
}

/** Entries in 16 bits. */
export const exactBytes = (entries: number, headDim: number): CacheBytes => ({
  ...noBytes,
  exact: cacheBytes(entries, headDim),
});

/** Entries in 16 bits of which each KV head keeps others, so that their positions have to be stored too. */
export const evictedBytes = (entries: number, headDim: number): CacheBytes => ({
  ...exactBytes(entries, headDim),
  bookkeeping: positionBytes(entries),
});

/** Positions of entries, one 32-bit integer each. */
export const positionBytes = (entries: number): number => entries * bytesPerPosition;

/** Scores of entries that go on competing for a tier: a sum in double precision. */
export const scoreBytes = (entries: number): number => entries * bytesPerScore;
