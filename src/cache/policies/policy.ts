import type { LayerObservation, RowGroup } from '../layerObservation.ts';
import type { Protection } from '../selection.ts';

/**
 * How entries are chosen. A policy only scores: counts, rounding, ties and protection live in `selection.ts`.
 * Formulas follow kvpress 0.5 and the code of the Pitfalls paper (arXiv 2510.00231) unless a file says otherwise.
 */
export interface Policy {
  readonly id: string;
  /** The name that users read. */
  readonly title: string;
  readonly paper: { readonly title: string; readonly url: string };
  /** One line: what it keeps. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, number>>;
  /** Attention summaries that `score` reads on a prefix of that length. */
  rowGroups(seqLen: number): readonly RowGroup[];
  /**
   * One score per entry, higher = keep. Scores of protected positions are never looked at.
   * `keptTokens` is the budget per KV head; only a purely positional policy needs it.
   */
  score(layer: LayerObservation, keptTokens: number): Float32Array; // [kvHeads, S]
  /** Positions that are kept before any score is compared. */
  protect?(seqLen: number): Protection;
  /** Why the policy runs with other parameters than its own on a prefix of that length, for the reader of a report. */
  degraded?(seqLen: number): string | undefined;
}

/** The integers [start, end). */
export function positionsFrom(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
}
