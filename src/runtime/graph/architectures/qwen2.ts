import type { LayerAttention } from '../modelConfig.ts';
import type { HuggingFaceConfig } from '../huggingFaceConfig.ts';
import { fullAttention, type Architecture } from './architecture.ts';
import { llama } from './llama.ts';

/** Qwen 2 and 2.5: Llama's blocks with biases on queries, keys and values (https://arxiv.org/abs/2412.15115). */
export const qwen2: Architecture = {
  ...llama,
  id: 'qwen2',
  title: 'Qwen 2',
  modelTypes: ['qwen2'],
  ggufPermutesHeads: false,
  defaults: {
    num_key_value_heads: 32,
    sliding_window: 4096,
    use_sliding_window: false,
    max_window_layers: 28,
    rms_norm_eps: 1e-6,
    max_position_embeddings: 32_768,
  },
  fromHuggingFace: (config, { layers }) => ({ attention: qwenAttention(config, layers), ropes: [config.rope()] }),
  fromGguf: (config, { layers }) => ({ attention: fullAttention(layers), ropes: [config.rope()] }),
};

/** Where Qwen's windows are switched on, the first layers still attend to everything. */
export function qwenAttention({ json, layerTypes }: HuggingFaceConfig, layers: number): LayerAttention[] {
  const window = json.use_sliding_window === true ? (json.sliding_window ?? null) : null;
  return layerTypes(layers, (layer) => layer >= (json.max_window_layers ?? layers)).map((slides) => ({
    window: slides ? window : null,
    rope: 0,
  }));
}
