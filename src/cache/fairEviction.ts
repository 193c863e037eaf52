import { HoldfastError } from '../errors.ts';
import type { Range } from './layerObservation.ts';
import type { FairSpan, Pool } from './policies/policy.ts';
import { quotas } from './quotas.ts';

/** A span of the system turn that gets its own share of the budget. */
export interface InstructionSpan extends Range {
  /** Its retention in proportion to that of spans of weight 1, where both fit. */
  readonly weight?: number;
  /** Gets all of its entries before the others get any, as far as the budget goes. */
  readonly mustHold?: boolean;
}

/**
 * Fair eviction of the Pitfalls paper (arXiv 2510.00231): every span keeps the same share of its entries. The paper has two
 * adjacent spans; more of them, weights and must-hold spans are Holdfast's.
 */
export interface FairEviction {
  /** Ascending, disjoint. */
  readonly spans: readonly InstructionSpan[];
  /** StreamingLLM only: from 0, what it keeps by itself, to 1, equal shares, by the rule of the paper's code. */
  readonly lambda?: number;
}

/** @throws HoldfastError `invalid-settings` for spans outside the prefix, in another order or overlapping, or a wrong lambda. */
export function checkFairEviction({ spans, lambda = 1 }: FairEviction, seqLen: number): void {
  const wrong = (message: string): never => {
    throw new HoldfastError('invalid-settings', message, 'Give the spans of instructions in the order of the prompt.');
  };
  if (spans.length === 0) wrong('Fair eviction needs at least one span.');
  if (!(lambda >= 0 && lambda <= 1)) wrong(`Lambda is between 0 and 1, got ${lambda}.`);
  let end = 0;
  for (const span of spans) {
    if (!Number.isInteger(span.start) || !Number.isInteger(span.end) || span.start >= span.end || span.end > seqLen)
      wrong(`The span [${span.start}, ${span.end}) is not part of a prefix of ${seqLen} tokens.`);
    if (span.start < end) wrong(`The span [${span.start}, ${span.end}) begins before the one before it ends.`);
    if (!((span.weight ?? 1) >= 0.001 && (span.weight ?? 1) <= 1000))
      wrong(`A span's weight is between 0.001 and 1000, got ${span.weight}.`);
    end = span.end;
  }
}

/**
 * Spans that cover the prefix: what lies between two belongs to the one before, what comes before the first to the first.
 */
export function extended(spans: readonly Range[], seqLen: number): FairSpan[] {
  return spans.map(({ start, end }, index) => ({
    start: index === 0 ? 0 : start,
    end: spans[index + 1]?.start ?? seqLen,
    own: { start, end },
  }));
}

/**
 * The number of entries that each extended span keeps per KV head. Whitelisted positions count in the share of their span;
 * a span that has more of them than its share keeps them all, and the others share what is left.
 */
export function fairPools(
  { spans }: FairEviction,
  ranges: readonly Range[],
  keptTokens: number,
  whitelist: readonly number[],
): Pool[] {
  const shares = ranges.map(({ start, end }, index) => ({
    length: end - start,
    minimum: whitelist.filter((position) => position >= start && position < end).length,
    weight: spans[index]!.weight ?? 1,
    first: spans[index]!.mustHold === true,
  }));
  const minimumOf = (first: boolean): number =>
    shares.reduce((sum, share) => (share.first === first ? sum + share.minimum : sum), 0);
  const wanted = shares.reduce((sum, share) => (share.first ? sum + share.length : sum), 0);
  const ofFirst = Math.min(wanted, keptTokens - minimumOf(false));
  const first = quotas(
    ofFirst,
    shares.filter((share) => share.first),
  );
  const rest = quotas(
    keptTokens - ofFirst,
    shares.filter((share) => !share.first),
  );
  return ranges.map(({ start, end }, index) => ({
    start,
    end,
    keptTokens: (shares[index]!.first ? first : rest).shift()!,
  }));
}
