/** Added to the score of an entry that must not be seen; its probability is exactly 0 in float32. */
export const masked = -1e9;

/**
 * Names of the graph's inputs and outputs; the builder and the simulator agree through this file.
 *
 * Inputs: `input_ids`, `position_ids [b, s]` (int64; positions are the original ones), `own_bias [1, b, 1, s, o + s]`,
 * `row_groups [r, s]`, `observed_rows [m]` (int64, rows of the flattened `[b * s]` whose queries or input norms are wanted), `logit_rows [n]` (int64, rows of the flattened `[b * s]` that get logits),
 * `probability_rows [k]` (int64, rows of the logits that get probabilities), `scoring [1]` (bool),
 * `targets [n, 1]` (int64) and `reference [t, vocab]` (probabilities; n is a multiple of t), and per layer the tensors below.
 * Models with sliding windows also take `prefix_positions [p]` and `own_positions [b, o]`, models with LongRoPE
 * `rope_positions [b, s]` (rows of a table of `positions` rows for short sequences and as many for long ones); int64.
 * Outputs: `logits [n, vocab]`, `argmax [n]`, `probabilities [k, vocab]`; when `scoring`, else zeros: `log_sum_exp [n, 1]`, `target_logits [n, 1]`,
 * `cross [n / t, t]` = sum over the vocabulary of reference x logits; and per layer the tensors below.
 */
export const layerInput = {
  prefixKeys: (layer: number) => `prefix_k.${layer}`, // [kv, p, d]
  prefixValues: (layer: number) => `prefix_v.${layer}`, // [kv, p, d]
  ownKeys: (layer: number) => `own_k.${layer}`, // [kv, b, o, d]
  ownValues: (layer: number) => `own_v.${layer}`, // [kv, b, o, d]
  prefixBias: (layer: number) => `prefix_bias.${layer}`, // [kv, b, 1, 1, p]
  ownEntryBias: (layer: number) => `own_entry_bias.${layer}`, // [kv or 1, b or 1, 1, 1, o or 1]
} as const;

export const layerOutput = {
  newKeys: (layer: number) => `new_k.${layer}`, // [kv, b, s, d]
  newValues: (layer: number) => `new_v.${layer}`, // [kv, b, s, d]
  queries: (layer: number) => `queries.${layer}`, // [m, query heads * d], before RoPE
  inputNorms: (layer: number) => `input_norms.${layer}`, // [m], Euclidean norm of what attention projects
  attentionSums: (layer: number) => `sums.${layer}`, // [kv, b, g, r, p + o + s]
} as const;
