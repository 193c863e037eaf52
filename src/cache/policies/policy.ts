import { HoldfastError } from '../../errors.ts';
import type { LayerObservation, Needs, Range } from '../layerObservation.ts';
import type { Protection } from '../selection.ts';
import type { Selection } from '../selections/selection.ts';

export interface Paper {
  readonly title: string;
  readonly url: string;
}

export type ParameterValue = number | boolean | string | readonly number[];

/** What a policy has to do with: one layer's share of a compression. */
export interface Budget {
  /** Entries to keep per KV head of this layer. */
  readonly keptTokens: number;
  /** The compression ratio of the variant. */
  readonly ratio: number;
  /** Place of this layer among those that are compressed. */
  readonly layer: number;
  /** Layers that are compressed. */
  readonly layers: number;
}

/** A part of the prefix that keeps its own number of entries per KV head. */
export interface Pool extends Range {
  readonly keptTokens: number;
}

/** Keys and values of a layer that a policy changed. Entries that are not kept are never read. */
export interface Transformed {
  readonly keys: Float32Array; // [kvHeads, S, headDim]
  readonly values: Float32Array; // [kvHeads, S, headDim]
  /** Bytes in fp16 that the change saves among the kept entries. */
  readonly freedBytes: number;
}

/** How a policy scores when each span of a fair eviction keeps its own share. */
export interface FairForm {
  readonly policy: Policy;
  /** `global`: the scores alone make the shares equal, so one selection runs over the whole prefix. */
  readonly shares: 'per-span' | 'global';
}

/**
 * How entries are chosen. A policy scores; counts, rounding, ties and protection live in `selection.ts`. What follows after
 * `score` is for the few that do more: own budgets, another selection, changed keys and values.
 * Formulas follow kvpress 0.5 and the code of the Pitfalls paper (arXiv 2510.00231) unless a file says otherwise.
 */
export interface Policy {
  /** The expression that names it: `snapkv`, `snapkv(window=64)`, `adakv(snapkv)`. */
  readonly id: string;
  /** The name that users read. */
  readonly title: string;
  readonly paper: Paper;
  /** One line: what it keeps. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** What `score` and the hooks below read on a prefix of that length, besides keys and values. */
  needs(seqLen: number): Needs;
  /** One score per entry, higher = keep. Scores of protected positions are never looked at. */
  score(layer: LayerObservation, budget: Budget): Float32Array; // [kvHeads, S]
  /** Positions that are kept before any score is compared. */
  protect?(seqLen: number): Protection;
  /** What a reader has to know of a variant: other parameters than its own, a budget that it does not follow. */
  notes?(seqLen: number, ratio: number, layers: number): readonly string[];
  /** Entries per KV head of each compressed layer, where the ratio alone does not give them. */
  budgets?(layers: readonly LayerObservation[], ratio: number): readonly number[];
  /** Disjoint parts that cover the prefix and keep their own numbers of entries. */
  pools?(seqLen: number, keptTokens: number, ratio: number): readonly Pool[];
  /** How scores become kept entries; default: the best of each KV head. */
  readonly selection?: Selection;
  /** Keys and values after the choice; `kept` holds ascending positions per KV head. */
  transform?(layer: LayerObservation, kept: readonly Int32Array[], budget: Budget): Transformed;
  /** `rerotated`: kept keys stand at the positions 0..n-1, and what follows continues at n. Default: `original`. */
  readonly positions?: 'original' | 'rerotated';
  /**
   * The same policy with scores that compete inside each span only; spans cover the prefix. `lambda` is asked for only of
   * StreamingLLM; @throws HoldfastError `invalid-settings` by others.
   */
  readonly fair?: (spans: readonly FairSpan[], lambda?: number) => FairForm;
}

/** A span of a fair eviction, widened over the template tokens around it so that spans cover the prefix. */
export interface FairSpan extends Range {
  /** The span as it was given. */
  readonly own: Range;
}

/** The integers [start, end). */
export function positionsFrom(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
}

/** Protects the first positions, as attention sinks. */
export const firstStay =
  (sinks: number) =>
  (seqLen: number): Protection => ({ sinks: positionsFrom(0, Math.min(sinks, seqLen)), window: [] });

const nothingProtected: Protection = { sinks: [], window: [] };

/** What a policy protects by itself. */
export const protectionOf = (policy: Policy, seqLen: number): Protection =>
  policy.protect?.(seqLen) ?? nothingProtected;

/** For the fair form of every policy but StreamingLLM. @throws HoldfastError `invalid-settings` for any lambda. */
export function refuseLambda(lambda: number | undefined, title: string): void {
  if (lambda === undefined) return;
  throw new HoldfastError(
    'invalid-settings',
    `${title} has no form between its default and fair eviction.`,
    'Leave lambda out: it exists for StreamingLLM only.',
  );
}
