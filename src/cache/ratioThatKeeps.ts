import { keptCount } from './selection.ts';

/** A compression ratio at which exactly `keptTokens` of `seqLen` entries stay, from 1 to all. */
export function ratioThatKeeps(keptTokens: number, seqLen: number): number {
  const ratio = 1 - keptTokens / seqLen;
  // In floating point the product of 1 - ratio and S may lie just below the count.
  return keptCount(seqLen, ratio).keptTokens === keptTokens ? ratio : 1 - (keptTokens + 0.5) / seqLen;
}
