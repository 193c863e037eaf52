import { exactBytes, noBytes, positionBytes, scoreBytes, sumBytes, type CacheBytes } from '../bytes.ts';
import type { EntryShape } from '../quantised/cacheShape.ts';
import type { MikvPrecision } from './mikvSettings.ts';

/** Channels that share a grid: half a head, because RoPE pairs channel c with c + d/2, and each group holds one of each pair. */
export const mikvGroupSize = (headDim: number): number => headDim / 2;

const bytesPerGrid = 4; // alpha and beta, fp16

/** Bytes of entries (key and value) at one precision. */
function tierBytes(entries: number, headDim: number, bits: number): CacheBytes {
  if (bits === 16) return exactBytes(entries, headDim);
  const rows = 2 * entries;
  const grids = rows * (headDim / mikvGroupSize(headDim));
  return { ...noBytes, codes: rows * Math.ceil((headDim * bits) / 8), metadata: grids * bytesPerGrid };
}

/** Bytes of entries at two precisions, without what is stored once per layer. */
export function mikvEntryBytes(
  { important, retained }: { readonly important: number; readonly retained: number },
  headDim: number,
  precision: MikvPrecision,
): CacheBytes {
  return sumBytes([
    tierBytes(important, headDim, precision.importance),
    tierBytes(retained, headDim, precision.retained),
    { ...noBytes, bookkeeping: positionBytes(important + retained) + scoreBytes(important) },
  ]);
}

/** Bytes of the balancing factors of one layer, float32. */
export const balancerBytes = ({ kvHeads, headDim }: EntryShape, { balancer }: MikvPrecision): CacheBytes => ({
  ...noBytes,
  bookkeeping: balancer ? 4 * kvHeads * headDim : 0,
});
