import { checkFairEviction, extended, fairPools, type FairEviction } from './fairEviction.ts';
import { positionsFrom, protectionOf, refuseLambda, type FairForm, type Policy } from './policies/policy.ts';
import { quotas } from './quotas.ts';
import {
  planSelection,
  whitelistTooLarge,
  type Protection,
  type ProtectionOverflow,
  type SelectionPlan,
} from './selection.ts';

/** What is kept of a system turn besides a policy's own choice, within the same budget. They compose. */
export interface Protections {
  /** Positions that have to be kept, the most important first. */
  readonly whitelist?: readonly number[];
  /** What happens to a whitelist that is larger than a budget: an error, or its first positions stay and a note says so. */
  readonly whitelistOverflow?: 'refuse' | 'keep-first';
  /** Equal or weighted shares for spans. */
  readonly fair?: FairEviction;
  /** The first and the last positions of the system turn. */
  readonly reserve?: { readonly sinks?: number; readonly recent?: number };
}

/** A policy under protections: what to score, and how a budget is divided. */
export interface ProtectedPolicy {
  readonly policy: Policy;
  /** The parts of the prefix with what each may keep; @throws HoldfastError `protection-exceeds-budget` for a whitelist above it. */
  readonly plans: (keptTokens: number) => readonly SelectionPlan[];
  /** What a reader has to know; complete only after all plans were made. */
  readonly notes: () => readonly string[];
}

/** @throws HoldfastError `invalid-settings` for protections that do not fit the prefix or the policy. */
export function protect(
  policy: Policy,
  seqLen: number,
  ratio: number,
  protections: Protections,
  overflow?: ProtectionOverflow,
): ProtectedPolicy {
  const { whitelist = [], whitelistOverflow = 'refuse', fair, reserve } = protections;
  const form = fair === undefined ? undefined : fairForm(policy, fair, seqLen);
  const scored = form?.policy ?? policy;
  const notes = new Set(fair === undefined ? [] : fairNotes(policy, fair));
  const distinct = [...new Set(whitelist)];
  const own = withReserve(protectionOf(scored, seqLen), reserve, seqLen);

  const fitting = (keptTokens: number): readonly number[] => {
    if (distinct.length <= keptTokens || whitelistOverflow === 'refuse') return distinct;
    notes.add(`The whitelist needs ${distinct.length} of ${keptTokens} slots: only its first ${keptTokens} are kept.`);
    return distinct.slice(0, keptTokens);
  };
  const poolsFor = (keptTokens: number, required: readonly number[]) => {
    if (fair !== undefined && form?.shares === 'per-span')
      return fairPools(fair, extended(fair.spans, seqLen), keptTokens, required);
    const pools = scored.pools?.(seqLen, keptTokens, ratio) ?? [{ start: 0, end: seqLen, keptTokens }];
    const shares = pools.map((pool) => ({
      length: pool.end - pool.start,
      minimum: required.filter((position) => position >= pool.start && position < pool.end).length,
      weight: 1,
    }));
    if (pools.length === 1 || pools.every((pool, index) => pool.keptTokens >= shares[index]!.minimum)) return pools;
    const total = pools.reduce((sum, pool) => sum + pool.keptTokens, 0);
    const shared = quotas(total, shares);
    return pools.map((pool, index) => ({ ...pool, keptTokens: shared[index]! }));
  };
  const planned = new Map<number, readonly SelectionPlan[]>();
  return {
    policy: scored,
    plans(keptTokens) {
      const known = planned.get(keptTokens);
      if (known !== undefined) return known;
      const required = fitting(keptTokens);
      if (required.length > keptTokens) throw whitelistTooLarge(required.length, keptTokens);
      const plans = poolsFor(keptTokens, required).map((pool) =>
        planSelection(seqLen, pool.keptTokens, { ...own, whitelist: required }, overflow, pool),
      );
      planned.set(keptTokens, plans);
      return plans;
    },
    notes: () => [...notes],
  };
}

function fairForm(policy: Policy, fair: FairEviction, seqLen: number): FairForm {
  checkFairEviction(fair, seqLen);
  if (fair.lambda !== undefined && policy.fair === undefined) refuseLambda(fair.lambda, policy.title);
  const form = policy.fair?.(extended(fair.spans, seqLen), fair.lambda) ?? { policy, shares: 'per-span' };
  return fair.lambda === undefined && hasUnequalShares(fair) ? { ...form, shares: 'per-span' } : form;
}

const hasUnequalShares = ({ spans }: FairEviction): boolean =>
  spans.some(({ weight, mustHold }) => (weight ?? 1) !== 1 || mustHold === true);

function fairNotes(policy: Policy, fair: FairEviction): string[] {
  const { spans } = fair;
  const notes: string[] = [];
  if (policy.fair === undefined)
    notes.push(`${policy.title} scores the whole system turn; only the number of entries is shared between the spans.`);
  if (spans.length !== 2) notes.push(`Fair eviction over ${spans.length} spans: the paper tests two.`);
  if (hasUnequalShares(fair)) notes.push('The spans have unequal shares.');
  return notes;
}

function withReserve(own: Protection, reserve: Protections['reserve'], seqLen: number): Protection {
  const sinks = positionsFrom(0, Math.min(seqLen, reserve?.sinks ?? 0));
  const recent = positionsFrom(Math.max(0, seqLen - (reserve?.recent ?? 0)), seqLen);
  return { sinks: [...new Set([...own.sinks, ...sinks])], window: [...new Set([...own.window, ...recent])] };
}
