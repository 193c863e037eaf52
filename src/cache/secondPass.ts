import type { Range } from './layerObservation.ts';

/** A piece of the tokens that a second pass feeds. */
export type FedPart =
  /** Tokenised as plain text. */
  | { readonly kind: 'text'; readonly text: string }
  /** Tokens of the prefix. */
  | ({ readonly kind: 'prefix' } & Range)
  /** What the chat template writes between the end of a user turn's text and the model's answer. */
  | { readonly kind: 'answer-header' };

/**
 * A run of the model over the finished, uncompressed cache that a policy scores from. The fed tokens take the positions S,
 * S + 1, ... and see the whole prefix and each other causally, as in any continuation; nothing of them stays in the cache.
 */
export interface SecondPass {
  readonly feed: readonly FedPart[];
  /**
   * Prefix keys among which the attention is shared, ascending and disjoint; the fed keys always count. Where this is not
   * the whole prefix the probabilities are renormalised over these keys, for the result only.
   */
  readonly among: readonly Range[];
  /** The prefix positions whose attention is wanted. */
  readonly scored: Range;
  /** How the probabilities of the fed queries become one number per query head and position. */
  readonly reduce: 'max' | 'mean';
  /** Divides each query's probabilities by the L2 norm of the attention's input at that query. */
  readonly perHiddenNorm: boolean;
}

/** A name for a pass, equal for equal passes. */
export const secondPassKey = (pass: SecondPass): string => JSON.stringify(pass);
