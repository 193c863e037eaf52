import { rowRange, type RowGroup } from '../../cache/layerObservation.ts';
import { commonTokens } from './commonTokens.ts';
import type { LayerKeyValues, PrefixCache } from './decoder.ts';
import type { Prefill } from './prefill.ts';

/** The state of a prefill after a whole number of chunks; keys and values are the beginning of the finished ones. */
export interface Checkpoint {
  readonly tokens: number;
  /** Attention summed over all query rows so far, per layer [queryHeads, tokens]; empty where nothing reads it. */
  readonly sums: readonly Float32Array[];
}

/** What a prefill takes over from an earlier one. */
export interface ReusablePart extends Checkpoint {
  readonly from: Prefill;
}

/**
 * The longest beginning of `ids` that one of `earlier` has a checkpoint for; null if there is none. It ends before the rows
 * that groups of last rows add up: these depend on where the text ends.
 */
export function reusablePart(
  ids: Int32Array,
  groups: readonly RowGroup[],
  { longRope, prefillChunk }: { readonly longRope: boolean; readonly prefillChunk: number },
  earlier: readonly Prefill[],
): ReusablePart | null {
  const ends = groups.filter((group) => group !== 'all').map((group) => rowRange(group, ids.length).start);
  const limit = Math.min(ids.length - 1, ...ends);
  let best: ReusablePart | null = null;
  for (const from of earlier) {
    if (from.keyValues.longRope !== longRope || from.prefillChunk !== prefillChunk) continue;
    const common = Math.min(limit, commonTokens(ids, from.ids));
    for (const checkpoint of from.checkpoints) {
      if (groups.includes('all') && checkpoint.sums.length === 0) continue; // no policy of that prefill read them
      if (checkpoint.tokens <= common && checkpoint.tokens > (best?.tokens ?? 0)) best = { ...checkpoint, from };
    }
  }
  return best;
}

/**
 * As `reusablePart`, for a prefill that nothing is summed over: it can go on from any token. Chunks then begin elsewhere, so keys and
 * values are the same within float noise only.
 */
export function reusableBeginning(
  ids: Int32Array,
  longRope: boolean,
  earlier: readonly Prefill[],
): ReusablePart | null {
  let best: ReusablePart | null = null;
  for (const from of earlier) {
    if (from.keyValues.longRope !== longRope) continue;
    const tokens = Math.min(ids.length - 1, commonTokens(ids, from.ids));
    if (tokens > (best?.tokens ?? 0)) best = { tokens, sums: [], from };
  }
  return best;
}

/** Keys and values [heads, S, d] of the first `tokens` positions: [heads, tokens, d]. */
export function firstTokens({ keys, values, tokens: all }: PrefixCache, tokens: number, heads: number): LayerKeyValues {
  const first = (layer: Float32Array): Float32Array => {
    const perToken = layer.length / (heads * all);
    return resized(layer, heads, all * perToken, tokens * perToken);
  };
  return { keys: keys.map(first), values: values.map(first) };
}

/** [heads, from] -> [heads, to]: the first columns, or zeros after the old ones. */
export function resized(rows: Float32Array, heads: number, from: number, to: number): Float32Array {
  const result = new Float32Array(heads * to);
  const columns = Math.min(from, to);
  for (let head = 0; head < heads; head++) result.set(rows.subarray(head * from, head * from + columns), head * to);
  return result;
}
