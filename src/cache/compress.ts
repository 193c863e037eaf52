import { cacheBytes } from './bytes.ts';
import { KeptSet } from './keptSet.ts';
import type { LayerObservation } from './layerObservation.ts';
import type { Policy } from './policies/policy.ts';
import { compressedLayers } from './slidingLayers.ts';
import { keptCount, planSelection, select, type ProtectionOverflow } from './selection.ts';

/** What one policy keeps of a prefix at one compression ratio. */
export interface Compression {
  readonly kept: KeptSet;
  /** Entries kept per layer and KV head. */
  readonly keptTokens: number;
  /** Bytes of the kept keys and values in fp16. */
  readonly bytes: number;
  /** Bytes of all keys and values in fp16. */
  readonly fullBytes: number;
  /** What a reader has to know before trusting a cell: clamped budgets, degraded windows, protection above the budget. */
  readonly notes: readonly string[];
}

export interface CompressOptions {
  /** Positions that have to be kept within the same budget. */
  readonly whitelist?: readonly number[];
  /** How protected positions compete when they fill the budget; `lowest-position` only to compare with reference outputs. */
  readonly overflow?: ProtectionOverflow;
}

/**
 * Chooses the entries that a policy keeps of an exact prefill, one observation per layer. A ratio that evicts nothing keeps
 * every entry without asking the policy.
 *
 * @throws HoldfastError `engine-failed` for a score that is not finite, `invalid-settings` for a whitelist above the budget.
 */
export function compress(
  layers: readonly LayerObservation[],
  policy: Policy,
  ratio: number,
  { whitelist, overflow }: CompressOptions = {},
): Compression {
  const first = layers[0];
  if (first === undefined) throw new RangeError('A cache needs at least one layer.');
  const { seqLen, kvHeads, headDim } = first;
  const compressed = compressedLayers(layers.map(({ window }) => window));
  const { keptTokens, clamped } = keptCount(seqLen, ratio);
  const notes = clamped ? [`Budget raised to one entry: ratio ${ratio} leaves none of ${seqLen}.`] : [];
  /** Bytes of the layers that slide, which hold their window whatever the policy does. */
  const slidingBytes = layers.reduce(
    (bytes, { window }, layer) =>
      compressed.includes(layer) ? bytes : bytes + cacheBytes(kvHeads * Math.min(seqLen, window ?? seqLen), headDim),
    0,
  );
  const fullBytes = slidingBytes + cacheBytes(compressed.length * kvHeads * seqLen, headDim);
  if (compressed.length < layers.length)
    notes.push(
      `${layers.length - compressed.length} of ${layers.length} layers have a sliding window and stay as they are.`,
    );
  const kept = KeptSet.full(layers.length, kvHeads, seqLen, compressed);
  if (keptTokens === seqLen) return { kept, keptTokens, bytes: fullBytes, fullBytes, notes };

  const ownProtection = policy.protect?.(seqLen) ?? { sinks: [], window: [] };
  const protection = whitelist === undefined ? ownProtection : { ...ownProtection, whitelist };
  const plan = planSelection(seqLen, keptTokens, protection, overflow);
  const degraded = policy.degraded?.(seqLen);
  if (degraded !== undefined) notes.push(degraded);
  if (plan.protectionExceedsBudget)
    notes.push(
      `Protection exceeds the budget of ${keptTokens}: positions protected by ${policy.title} fill it, so no score decided.`,
    );

  for (const layer of compressed) {
    const scores = policy.score(layers[layer]!, keptTokens);
    for (let head = 0; head < kvHeads; head++) {
      kept.clear(layer, head);
      const row = scores.subarray(head * seqLen, (head + 1) * seqLen);
      for (const position of select(row, plan, `${policy.title}, layer ${layer}, KV head ${head}`))
        kept.add(layer, head, position);
    }
  }
  const entries = compressed.length * kvHeads * keptTokens;
  return { kept, keptTokens, bytes: slidingBytes + cacheBytes(entries, headDim), fullBytes, notes };
}
