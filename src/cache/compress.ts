import { cacheBytes } from './bytes.ts';
import { KeptSet } from './keptSet.ts';
import type { LayerObservation } from './layerObservation.ts';
import type { Policy } from './policies/policy.ts';
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
  const { keptTokens, clamped } = keptCount(seqLen, ratio);
  const notes = clamped ? [`Budget raised to one entry: ratio ${ratio} leaves none of ${seqLen}.`] : [];
  const fullBytes = cacheBytes(layers.length * kvHeads * seqLen, headDim);
  if (keptTokens === seqLen)
    return { kept: KeptSet.full(layers.length, kvHeads, seqLen), keptTokens, bytes: fullBytes, fullBytes, notes };

  const ownProtection = policy.protect?.(seqLen) ?? { sinks: [], window: [] };
  const protection = whitelist === undefined ? ownProtection : { ...ownProtection, whitelist };
  const plan = planSelection(seqLen, keptTokens, protection, overflow);
  const degraded = policy.degraded?.(seqLen);
  if (degraded !== undefined) notes.push(degraded);
  if (plan.protectionExceedsBudget)
    notes.push(
      `Protection exceeds the budget of ${keptTokens}: positions protected by ${policy.title} fill it, so no score decided.`,
    );

  const kept = new KeptSet(layers.length, kvHeads, seqLen);
  for (const [layer, observation] of layers.entries()) {
    const scores = policy.score(observation, keptTokens);
    for (let head = 0; head < kvHeads; head++) {
      const row = scores.subarray(head * seqLen, (head + 1) * seqLen);
      for (const position of select(row, plan, `${policy.title}, layer ${layer}, KV head ${head}`))
        kept.add(layer, head, position);
    }
  }
  return { kept, keptTokens, bytes: cacheBytes(kept.countKept(), headDim), fullBytes, notes };
}
