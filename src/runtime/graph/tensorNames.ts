export const linearRoles = ['query', 'key', 'value', 'attentionOutput', 'gate', 'up', 'down'] as const;
export type LinearRole = (typeof linearRoles)[number];

export type NormRole = 'attention' | 'feedForward' | 'afterAttention' | 'afterFeedForward' | 'query' | 'key';

/** How a file format names the tensors of a decoder. Roles with the same name are rows of one fused tensor, in the order of `linearRoles`. */
export interface TensorNames {
  readonly embedding: string;
  readonly output: string;
  readonly outputNorm: string;
  /** Roles that the architecture does not have are never asked for. */
  readonly norm: Readonly<Record<NormRole, string>>;
  readonly linear: Readonly<Record<LinearRole, string>>;
  layer(index: number, name: string, part?: 'weight' | 'bias'): string;
}

export const ggufNames: TensorNames = {
  embedding: 'token_embd.weight',
  output: 'output.weight',
  outputNorm: 'output_norm.weight',
  norm: {
    attention: 'attn_norm',
    feedForward: 'ffn_norm',
    afterAttention: 'post_attention_norm',
    afterFeedForward: 'post_ffw_norm',
    query: 'attn_q_norm',
    key: 'attn_k_norm',
  },
  linear: {
    query: 'attn_q',
    key: 'attn_k',
    value: 'attn_v',
    attentionOutput: 'attn_output',
    gate: 'ffn_gate',
    up: 'ffn_up',
    down: 'ffn_down',
  },
  layer: (index, name, part = 'weight') => `blk.${index}.${name}.${part}`,
};

export const huggingFaceNames: TensorNames = {
  embedding: 'model.embed_tokens.weight',
  output: 'lm_head.weight',
  outputNorm: 'model.norm.weight',
  norm: {
    attention: 'input_layernorm',
    feedForward: 'post_attention_layernorm',
    afterAttention: 'post_attention_layernorm',
    afterFeedForward: 'post_feedforward_layernorm',
    query: 'self_attn.q_norm',
    key: 'self_attn.k_norm',
  },
  linear: {
    query: 'self_attn.q_proj',
    key: 'self_attn.k_proj',
    value: 'self_attn.v_proj',
    attentionOutput: 'self_attn.o_proj',
    gate: 'mlp.gate_proj',
    up: 'mlp.up_proj',
    down: 'mlp.down_proj',
  },
  layer: (index, name, part = 'weight') => `model.layers.${index}.${name}.${part}`,
};

/** Blocks that normalise before and after: the name of Llama's second norm means another one here. */
export const huggingFaceNamesAround: TensorNames = {
  ...huggingFaceNames,
  norm: { ...huggingFaceNames.norm, feedForward: 'pre_feedforward_layernorm' },
};
