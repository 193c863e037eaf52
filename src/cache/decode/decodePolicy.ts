import type { Paper } from '../policies/policy.ts';

/** One layer of one conversation, when its prefix is in the cache and the next token is fed. */
export interface DecodeStart {
  readonly queryHeads: number;
  readonly kvHeads: number;
  /** Entries that each KV head may hold after a step. */
  readonly budget: number;
  /** Tokens of the prefix, evicted ones included; the next token has this index. */
  readonly tokens: number;
  /** The tokens whose entries each KV head holds, ascending. */
  readonly present: readonly Int32Array[];
  /** Attention of all prefix rows, summed, where the policy reads attention. */
  readonly columnSums?: Float32Array; // [queryHeads, tokens]
}

/** What a policy remembers of one layer of one conversation. */
export interface DecodeState {
  /**
   * Called after each token that is fed. `attention` holds the probabilities of that token's queries over the tokens so far,
   * itself the last, zero for entries that were dropped: [queryHeads, tokens]; undefined where the policy reads none.
   * Returns the tokens that each KV head drops, ascending: no more than it holds above the budget. Mutates the state.
   */
  step(attention: Float32Array | undefined): readonly Int32Array[];
}

/** Evicts while the model generates, after every token. It is an option of a continuation, whatever compressed its prefix. */
export interface DecodePolicy {
  readonly id: string;
  readonly title: string;
  readonly paper: Paper;
  readonly formula: string;
  readonly readsAttention: boolean;
  start(layer: DecodeStart): DecodeState;
}
