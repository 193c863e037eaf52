import type { KeptSet } from './keptSet.ts';

/** Shares in [0, 1] of some positions' entries that a variant keeps. */
export interface Retention {
  /** Over all layers that the policy compressed, and their KV heads. */
  readonly mean: number;
  /** In the layer that keeps least. */
  readonly minLayer: number;
  /** In the KV head (of any layer) that keeps least. */
  readonly minHead: number;
}

/**
 * How much of these positions a variant keeps. Each position counts once.
 *
 * @throws RangeError without positions (nothing was measured) or for one outside the prefix.
 */
export function retention(kept: KeptSet, positions: ArrayLike<number>): Retention {
  const { compressedLayers, kvHeads, seqLen } = kept;
  const distinct = [...new Set(Array.from(positions))];
  if (distinct.length === 0) throw new RangeError('Retention of no positions is not defined.');
  for (const position of distinct) {
    if (!Number.isInteger(position) || position < 0 || position >= seqLen)
      throw new RangeError(`Position ${position} is outside a prefix of ${seqLen} tokens.`);
  }
  let total = 0;
  let minLayer = Infinity;
  let minHead = Infinity;
  for (const layer of compressedLayers) {
    let inLayer = 0;
    for (let head = 0; head < kvHeads; head++) {
      let inHead = 0;
      for (const position of distinct) if (kept.has(layer, head, position)) inHead++;
      minHead = Math.min(minHead, inHead);
      inLayer += inHead;
    }
    minLayer = Math.min(minLayer, inLayer);
    total += inLayer;
  }
  const entries = distinct.length;
  return {
    mean: total / (entries * compressedLayers.length * kvHeads),
    minLayer: minLayer / (entries * kvHeads),
    minHead: minHead / entries,
  };
}

/** For each position, the share of compressed layers and KV heads that keep it. */
export function keepRates(kept: KeptSet): Float64Array {
  const { compressedLayers, kvHeads, seqLen } = kept;
  const counts = new Float64Array(seqLen); // [S]
  for (const layer of compressedLayers)
    for (let head = 0; head < kvHeads; head++)
      for (const position of kept.positions(layer, head)) counts[position]! += 1;
  return counts.map((count) => count / (compressedLayers.length * kvHeads));
}
