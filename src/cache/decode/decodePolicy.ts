import type { Paper } from '../policies/policy.ts';

/** One layer of one conversation, when its prefix is in the cache and the next tokens are about to be fed. */
export interface DecodeStart {
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Place of this layer among those that are compressed, and their number. */
  readonly layer: number;
  readonly layers: number;
  /** S: tokens of the prefix, evicted ones included; the next token has this index. */
  readonly tokens: number;
  /** The tokens whose entries each KV head holds, ascending. */
  readonly present: readonly Int32Array[];
  /** Attention of all prefix rows, summed, where the policy reads it. */
  readonly columnSums?: Float32Array; // [queryHeads, tokens]
}

/** One call of the model: a user turn, or one generated token. Its tokens saw each other and all that the cache held. */
export interface DecodeCall {
  readonly tokens: number;
  /**
   * Probabilities over the tokens so far, those of the call the last, zero for entries that a head does not hold: of the
   * call's last token or summed over all of its tokens, as the policy asks. Undefined where it reads none.
   */
  readonly attention: Float32Array | undefined; // [queryHeads, tokens so far]
  /** Keys and values of some tokens of one KV head, as the cache holds them. */
  entries(head: number, tokens: ArrayLike<number>): EntryVectors;
}

export interface EntryVectors {
  readonly keys: Float32Array; // [tokens, headDim]
  readonly values: Float32Array; // [tokens, headDim]
}

/** The value of a dropped entry, added to entries that stay. */
export interface Merge {
  readonly head: number;
  readonly from: number;
  readonly into: readonly number[];
  /** What is added to each, as a share of the value. */
  readonly share: number;
}

export interface DecodeStep {
  /** The tokens that each KV head drops, ascending. */
  readonly dropped: readonly Int32Array[];
  /** Done before anything is dropped, in this order. */
  readonly merges?: readonly Merge[];
}

/** What a policy remembers of one layer of one conversation. */
export interface DecodeState {
  /** Called after each call of the model. Mutates the state. */
  step(call: DecodeCall): DecodeStep;
}

/** What a policy reads of a call: nothing, what its last token pays, or what all of its tokens pay. */
export type DecodeAttention = 'none' | 'last-token' | 'all-tokens';

/**
 * Evicts while a conversation goes on, after every call of the model. It is an option of a continuation, whatever
 * compressed its prefix; entries of the user turn and of the answer may go like any other. Entries keep their positions.
 */
export interface DecodePolicy {
  /** The expression that names it: `h2o(budget=25%)`. */
  readonly id: string;
  readonly title: string;
  readonly paper: Paper;
  readonly attention: DecodeAttention;
  /** Reads the attention that the prefix paid to itself. */
  readonly prefixAttention: boolean;
  /** Changes values, so that a conversation needs a copy of its own. */
  readonly merges: boolean;
  start(layer: DecodeStart): DecodeState;
}
