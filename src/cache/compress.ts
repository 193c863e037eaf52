import { HoldfastError } from '../errors.ts';
import { cacheBytes, positionBytes } from './bytes.ts';
import { KeptSet } from './keptSet.ts';
import type { LayerObservation } from './layerObservation.ts';
import type { Budget, Policy } from './policies/policy.ts';
import { protect, type ProtectedPolicy, type Protections } from './protection.ts';
import { compressedLayers } from './slidingLayers.ts';
import { keptCount, type ProtectionOverflow } from './selection.ts';
import { bestOfEachHead } from './selections/selection.ts';

/** Keys and values of a variant that reads others than the prefix's, per layer; what is left alone is the prefix's. */
export interface ChangedKeyValues {
  readonly keys: readonly Float32Array[]; // each [kvHeads, S, headDim]; entries that are not kept are never read
  readonly values: readonly Float32Array[]; // each [kvHeads, S, headDim]
}

/** How the cache of a prefix is held: what is kept of it, and what it reads as. */
export interface Compression {
  readonly kept: KeptSet;
  /** Entries kept per compressed layer and KV head; their mean, rounded, where these differ. */
  readonly keptTokens: number;
  /** Bytes of the kept keys and values: in fp16, or packed with their scales. */
  readonly bytes: number;
  /** Bytes that papers do not count: positions, scores, channel balancers. */
  readonly bookkeepingBytes: number;
  /** Bytes of all keys and values in fp16. */
  readonly fullBytes: number;
  /** What a reader has to know before trusting a cell: clamped budgets, degraded windows, protection above the budget. */
  readonly notes: readonly string[];
  /** Undefined where entries are only evicted: keys and values are the prefix's. */
  readonly keyValues?: ChangedKeyValues;
  /** The position of the first token after the prefix: S, less where kept keys were moved together. */
  readonly nextPosition: number;
}

export interface CompressOptions extends Protections {
  /** How protected positions compete when they fill the budget; `lowest-position` only to compare with reference outputs. */
  readonly overflow?: ProtectionOverflow;
}

/**
 * Chooses the entries that a policy keeps of an exact prefill, one observation per layer. A ratio that evicts nothing keeps
 * every entry without asking the policy.
 *
 * @throws HoldfastError `engine-failed` for a score that is not finite, `invalid-settings` for protections that do not fit,
 * `protection-exceeds-budget` for a whitelist that is larger than a budget.
 */
export function compress(
  layers: readonly LayerObservation[],
  policy: Policy,
  ratio: number,
  { overflow, ...protections }: CompressOptions = {},
): Compression {
  const first = layers[0];
  if (first === undefined) throw new RangeError('A cache needs at least one layer.');
  const { seqLen, kvHeads, headDim } = first;
  const compressed = compressedLayers(layers.map(({ window }) => window));
  const uniform = keptCount(seqLen, ratio);
  const kept = KeptSet.full(layers.length, kvHeads, seqLen, compressed);
  const followsRatio = policy.budgets === undefined && policy.pools === undefined;
  const notes = [
    ...(followsRatio && uniform.clamped
      ? [`Budget raised to one entry: ratio ${ratio} leaves none of ${seqLen}.`]
      : []),
    ...slidingNotes(layers.length - compressed.length, layers.length),
  ];
  /** Bytes of the layers that slide, which hold their window whatever the policy does. */
  const slidingBytes = layers.reduce(
    (bytes, { window }, layer) =>
      compressed.includes(layer) ? bytes : bytes + cacheBytes(kvHeads * Math.min(seqLen, window ?? seqLen), headDim),
    0,
  );
  const fullBytes = slidingBytes + cacheBytes(compressed.length * kvHeads * seqLen, headDim);
  const untouched = {
    kept,
    keptTokens: seqLen,
    bytes: fullBytes,
    bookkeepingBytes: 0,
    fullBytes,
    notes,
    nextPosition: seqLen,
  };
  if (ratio === 0 || (followsRatio && uniform.keptTokens === seqLen)) return untouched;

  const observed = compressed.map((layer) => layers[layer]!);
  const guarded = protect(policy, seqLen, ratio, protections, overflow);
  const counts = guarded.policy.budgets?.(observed, ratio) ?? observed.map(() => uniform.keptTokens);
  const budgets = counts.map((keptTokens, layer): Budget => ({ keptTokens, ratio, layer, layers: counts.length }));
  notes.push(...(guarded.policy.notes?.(seqLen, ratio, observed.length) ?? []));

  const chosen = choose(observed, guarded, budgets, ratio, compressed);
  for (const [index, heads] of chosen.entries()) {
    for (const [head, positions] of heads.entries()) {
      kept.clear(compressed[index]!, head);
      for (const position of positions) kept.add(compressed[index]!, head, position);
    }
  }
  notes.push(...overflowNotes(guarded, counts), ...guarded.notes());

  const entries = chosen.flat().reduce((sum, positions) => sum + positions.length, 0);
  const changed = transformed(layers, compressed, guarded.policy, chosen, budgets);
  const keptTokens = Math.round(entries / (compressed.length * kvHeads));
  return {
    kept,
    keptTokens,
    bytes: slidingBytes + cacheBytes(entries, headDim) - (changed?.freedBytes ?? 0),
    bookkeepingBytes: positionBytes(entries),
    fullBytes,
    notes,
    nextPosition: guarded.policy.positions === 'rerotated' ? commonCount(chosen, policy) : seqLen,
    ...(changed === undefined ? {} : { keyValues: changed.keyValues }),
  };
}

/** Ascending positions for each compressed layer and KV head. */
function choose(
  observed: readonly LayerObservation[],
  { policy, plans }: ProtectedPolicy,
  budgets: readonly Budget[],
  ratio: number,
  layerIndices: readonly number[],
): readonly (readonly Int32Array[])[] {
  const { seqLen, kvHeads } = observed[0]!;
  const task = {
    seqLen,
    kvHeads,
    ratio,
    plans,
    layers: observed.map((layer, index) => ({
      observation: layer,
      scores: policy.score(layer, budgets[index]!),
      keptTokens: budgets[index]!.keptTokens,
      origin: (head: number) => `${policy.title}, layer ${layerIndices[index]!}, KV head ${head}`,
    })),
  };
  return (policy.selection ?? bestOfEachHead)(task);
}

function transformed(
  layers: readonly LayerObservation[],
  compressed: readonly number[],
  policy: Policy,
  chosen: readonly (readonly Int32Array[])[],
  budgets: readonly Budget[],
): { keyValues: ChangedKeyValues; freedBytes: number } | undefined {
  if (policy.transform === undefined) return undefined;
  const keys = layers.map((layer) => layer.keys);
  const values = layers.map((layer) => layer.values);
  let freedBytes = 0;
  for (const [index, layer] of compressed.entries()) {
    const changed = policy.transform(layers[layer]!, chosen[index]!, budgets[index]!);
    keys[layer] = changed.keys;
    values[layer] = changed.values;
    freedBytes += changed.freedBytes;
  }
  return { keyValues: { keys, values }, freedBytes };
}

/** The number of entries of every row; @throws HoldfastError `invalid-settings` where they differ. */
function commonCount(chosen: readonly (readonly Int32Array[])[], policy: Policy): number {
  const rows = chosen.flat();
  const count = rows[0]!.length;
  if (rows.every(({ length }) => length === count)) return count;
  throw new HoldfastError(
    'invalid-settings',
    `${policy.id} re-rotates keys, but its layers or heads keep different numbers of entries.`,
    'Re-rotate a policy that keeps the same number everywhere.',
  );
}

const slidingNotes = (sliding: number, layers: number): string[] =>
  sliding === 0 ? [] : [`${sliding} of ${layers} layers have a sliding window and stay as they are.`];

/** Where protected positions fill a budget, no score decided anything. */
function overflowNotes({ policy, plans }: ProtectedPolicy, counts: readonly number[]): string[] {
  const full = [...new Set(counts)]
    .sort((a, b) => a - b)
    .filter((count) => plans(count).some((plan) => plan.protectionExceedsBudget && plan.keptTokens > 0));
  return full.map((count) => {
    const plan = plans(count).find(({ protectionExceedsBudget }) => protectionExceedsBudget)!;
    const where = plans(count).length === 1 ? '' : ` of the span [${plan.range.start}, ${plan.range.end})`;
    return `Protection exceeds the budget of ${plan.keptTokens}${where}: positions protected by ${policy.title} fill it, so no score decided.`;
  });
}
