import { HoldfastError } from '../errors.ts';
import type { Range } from './layerObservation.ts';

/** Positions that are kept before any score is compared; a position may stand in more than one list. */
export interface Protection {
  /** Asked for by the user. */
  readonly whitelist?: readonly number[];
  readonly sinks: readonly number[];
  readonly window: readonly number[];
}

/**
 * Who wins when the protected positions fill the budget: `priority` takes the whitelist, then sinks in ascending order,
 * then the window from its most recent position; `lowest-position` takes ascending positions, as the reference outputs do.
 */
export type ProtectionOverflow = 'priority' | 'lowest-position';

/**
 * Entries kept per layer and KV head: `trunc(S * (1 - ratio))` in double arithmetic, as kvpress computes it, so 1000
 * entries at 0.8 leave 199. At least one entry stays; `clamped` says that the rule alone would have kept none.
 *
 * @throws RangeError unless S is a positive integer and 0 <= ratio < 1.
 */
export function keptCount(seqLen: number, ratio: number): { readonly keptTokens: number; readonly clamped: boolean } {
  if (!Number.isInteger(seqLen) || seqLen < 1) throw new RangeError(`A cache needs at least one entry, got ${seqLen}.`);
  if (!(ratio >= 0 && ratio < 1)) throw new RangeError(`A compression ratio is in [0, 1), got ${ratio}.`);
  const exact = Math.trunc(seqLen * (1 - ratio));
  return { keptTokens: Math.max(1, exact), clamped: exact < 1 };
}

/** The largest and smallest score that can be ranked: an entry that is decided before any comparison. */
export const highestScore = 3.4028234663852886e38;
export const lowestScore = -highestScore;

/** What a budget leaves to the scores, in the prefix or a part of it; the same for every row of a layer. */
export interface SelectionPlan {
  readonly keptTokens: number;
  /** The part of the prefix that this is about. */
  readonly range: Range;
  /** Positions in it that the user asked for, and those that the policy protects; both also where the budget is too small. */
  readonly whitelist: readonly number[];
  readonly protection: readonly number[];
  /** Protected positions that are kept, ascending. */
  readonly protectedPositions: Int32Array;
  /** Positions that compete by score, ascending; empty when none can win. */
  readonly candidates: Int32Array;
  /** True when the protected positions fill the budget, so that no score decided anything. */
  readonly protectionExceedsBudget: boolean;
}

/**
 * Divides a budget between protected positions and those that compete by score. With `range` only that part of the prefix
 * takes part; protected positions elsewhere are left to other plans.
 *
 * @throws HoldfastError `protection-exceeds-budget` when the whitelist alone is larger than the budget.
 */
export function planSelection(
  seqLen: number,
  keptTokens: number,
  protection: Protection = { sinks: [], window: [] },
  overflow: ProtectionOverflow = 'priority',
  range: Range = { start: 0, end: seqLen },
): SelectionPlan {
  for (const position of [...(protection.whitelist ?? []), ...protection.sinks, ...protection.window]) {
    if (!Number.isInteger(position) || position < 0 || position >= seqLen)
      throw new RangeError(`Protected position ${position} is outside a prefix of ${seqLen} tokens.`);
  }
  const inRange = (positions: readonly number[]): number[] =>
    positions.filter((position) => position >= range.start && position < range.end);
  const sinks = inRange(protection.sinks);
  const window = inRange(protection.window);
  const required = new Set(inRange(protection.whitelist ?? []));
  if (required.size > keptTokens) throw whitelistTooLarge(required.size, keptTokens);
  const ascending = (a: number, b: number): number => a - b;
  const byPriority = [
    ...new Set([...required, ...[...sinks].sort(ascending), ...[...window].sort(ascending).reverse()]),
  ];
  const ranked = overflow === 'priority' ? byPriority : [...byPriority].sort(ascending);
  const protectedPositions = Int32Array.from(ranked.slice(0, keptTokens)).sort();
  const free = keptTokens - protectedPositions.length;
  const isProtected = new Set(byPriority);
  const length = range.end - range.start;
  const candidates = Int32Array.from({ length: free > 0 ? length : 0 }, (_, index) => range.start + index);
  return {
    keptTokens,
    range,
    whitelist: [...required],
    protection: [...sinks, ...window],
    protectedPositions,
    candidates: candidates.filter((position) => !isProtected.has(position)),
    protectionExceedsBudget: byPriority.length >= keptTokens && keptTokens < length && byPriority.length > 0,
  };
}

export const whitelistTooLarge = (needed: number, slots: number): HoldfastError =>
  new HoldfastError(
    'protection-exceeds-budget',
    `The whitelist needs ${needed} of ${slots} slots.`,
    'Protect fewer tokens, or use a smaller compression ratio.',
  );

/** The kept positions of one row of scores [S] under a plan, ascending. `origin` names the row in errors. */
export function select(scores: Float32Array, plan: SelectionPlan, origin: string): Int32Array {
  const { keptTokens, protectedPositions, candidates } = plan;
  const top = selectTop(scores, keptTokens - protectedPositions.length, origin, candidates);
  return protectedPositions.length === 0 ? top : merge(protectedPositions, top);
}

/**
 * The n highest of `scores` among `candidates` (ascending; all positions by default), as ascending positions. Of equal
 * scores the lower position wins.
 *
 * @throws HoldfastError `engine-failed` when a candidate's score is not finite: it cannot be ranked. `origin` names the row.
 */
export function selectTop(scores: Float32Array, n: number, origin: string, candidates?: Int32Array): Int32Array {
  const count = candidates?.length ?? scores.length;
  if (n < 0 || n > count) throw new RangeError(`${origin}: cannot keep ${n} of ${count} entries.`);
  const competing = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const position = candidates === undefined ? index : candidates[index]!;
    competing[index] = rankable(scores[position]!, position, origin);
  }
  const kept = new Int32Array(n);
  if (n === 0) return kept;
  const threshold = nthHighest(competing.slice(), n);
  let above = 0;
  for (const score of competing) if (score > threshold) above++;
  let ties = n - above;
  let filled = 0;
  for (let index = 0; filled < n; index++) {
    const score = competing[index]!;
    if (score < threshold || (score === threshold && ties-- <= 0)) continue;
    kept[filled++] = candidates === undefined ? index : candidates[index]!;
  }
  return kept;
}

/** A score, if it can be ranked; @throws HoldfastError `engine-failed` if not. */
export function rankable(score: number, position: number, origin: string): number {
  if (Number.isFinite(score)) return score;
  throw new HoldfastError(
    'engine-failed',
    `${origin}: the score of position ${position} is ${score}.`,
    'The weights may be damaged: run `holdfast models verify`, or leave this policy out.',
  );
}

/** The n-th highest value (n from 1), by quickselect. Reorders `values`. */
function nthHighest(values: Float32Array, n: number): number {
  const target = n - 1;
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = median(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left]! > pivot) left++;
      while (values[right]! < pivot) right--;
      if (left > right) break;
      const swapped = values[left]!;
      values[left++] = values[right]!;
      values[right--] = swapped;
    }
    if (target <= right) high = right;
    else if (target >= left) low = left;
    else break;
  }
  return values[target]!;
}

const median = (a: number, b: number, c: number): number => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

/** Merges two ascending lists without common elements. */
function merge(a: Int32Array, b: Int32Array): Int32Array {
  const merged = new Int32Array(a.length + b.length);
  for (let i = 0, j = 0, k = 0; k < merged.length; k++)
    merged[k] = j >= b.length || (i < a.length && a[i]! < b[j]!) ? a[i++]! : b[j++]!;
  return merged;
}
