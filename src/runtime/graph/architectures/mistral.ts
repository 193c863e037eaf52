import { slidingAttention, type Architecture } from './architecture.ts';
import { llama } from './llama.ts';

/** Mistral 7B 0.1 slides in every layer; later ones attend to everything (https://arxiv.org/abs/2310.06825). As GGUF it is a Llama. */
export const mistral: Architecture = {
  ...llama,
  id: 'mistral',
  title: 'Mistral',
  modelTypes: ['mistral'],
  defaults: { num_key_value_heads: 8, sliding_window: 4096, rms_norm_eps: 1e-6, max_position_embeddings: 131_072 },
  fromHuggingFace: (config, { layers }) => ({
    attention: slidingAttention(layers, config.json.sliding_window ?? null),
    ropes: [config.rope()],
  }),
};
