/** Query rows that an attention summary adds up: every row of the prefix, or its last n. */
export type RowGroup = 'all' | { readonly last: number };

/** The half-open range of query rows of a group. */
export function rowRange(rows: RowGroup, seqLen: number): { readonly start: number; readonly end: number } {
  return { start: rows === 'all' ? 0 : Math.max(0, seqLen - rows.last), end: seqLen };
}

/** A name for a group, equal for equal groups: a key for maps and the suffix of a graph output. */
export const rowGroupKey = (rows: RowGroup): string => (rows === 'all' ? 'all' : `last${rows.last}`);

/** What the exact prefill of one layer offers to policies. */
export interface LayerObservation {
  /** S: tokens of the system turn. */
  readonly seqLen: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Tokens that a query of this layer sees, itself included; null: all before it. */
  readonly window: number | null;
  /** After RoPE (and the key norm, where the architecture has one), as cached. */
  readonly keys: Float32Array; // [kvHeads, S, headDim]
  readonly values: Float32Array; // [kvHeads, S, headDim]
  /**
   * Causal softmax attention summed over the query rows of a group, per query head. The softmax ran over all keys that a
   * row sees: a policy that looks only at keys before its window drops columns afterwards, so rows need not sum to 1.
   *
   * @throws when the group was not among those that the prefill was asked for.
   */
  columnSums(rows: RowGroup): Float32Array; // [queryHeads, S]
}

/** Query heads that share one KV head; query head h reads KV head floor(h / groupSize). */
export const groupSize = (layer: LayerObservation): number => layer.queryHeads / layer.kvHeads;
