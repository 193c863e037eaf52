import { ggufNames, huggingFaceNames, type TensorNames } from '../tensorNames.ts';
import { slidingAttention, type Architecture } from './architecture.ts';
import { llama } from './llama.ts';

const fused = (names: TensorNames, attention: string, feedForward: string): TensorNames => ({
  ...names,
  linear: { ...names.linear, query: attention, key: attention, value: attention, gate: feedForward, up: feedForward },
});

/** Phi 3, 3.5 and 4 (mini): fused projections, LongRoPE, partly rotated heads (https://arxiv.org/abs/2404.14219). */
export const phi3: Architecture = {
  ...llama,
  id: 'phi3',
  title: 'Phi 3',
  modelTypes: ['phi3'],
  names: {
    huggingFace: fused(huggingFaceNames, 'self_attn.qkv_proj', 'mlp.gate_up_proj'),
    gguf: fused(ggufNames, 'attn_qkv', 'ffn_up'),
  },
  ggufPermutesHeads: false,
  defaults: { rms_norm_eps: 1e-5, max_position_embeddings: 4096, original_max_position_embeddings: 4096 },
  fromHuggingFace: (config, { layers }) => ({
    attention: slidingAttention(layers, config.json.sliding_window ?? null),
    ropes: [config.rope()],
  }),
  fromGguf: (config, { layers }) => ({
    attention: slidingAttention(layers, config.number('attention.sliding_window') ?? null),
    ropes: [config.rope()],
  }),
};
