import type { Architecture } from './architecture.ts';
import { llama } from './llama.ts';

const interval = 4;

/** SmolLM 3: Llama's blocks, every fourth layer without rotary embedding (https://huggingface.co/blog/smollm3). */
export const smollm3: Architecture = {
  ...llama,
  id: 'smollm3',
  title: 'SmolLM 3',
  modelTypes: ['smollm3'],
  defaults: {
    num_key_value_heads: 4,
    rms_norm_eps: 1e-6,
    max_position_embeddings: 32_768,
    rope_theta: 2_000_000,
    use_sliding_window: false,
    no_rope_layer_interval: interval,
    tie_word_embeddings: true,
  },
  fromHuggingFace(config, { layers }) {
    const { json } = config;
    const rotates = (layer: number): boolean =>
      json.no_rope_layers === undefined
        ? (layer + 1) % (json.no_rope_layer_interval ?? interval) !== 0
        : json.no_rope_layers[layer] === 1; // 1 means that the layer has a rotary embedding
    const window = json.use_sliding_window === true ? (json.sliding_window ?? null) : null;
    return {
      attention: config
        .layerTypes(layers, (layer) => !rotates(layer))
        .map((slides, layer) => ({ window: slides ? window : null, rope: rotates(layer) ? 0 : null })),
      ropes: [config.rope()],
    };
  },
  fromGguf: (config, { layers }) => ({
    attention: Array.from({ length: layers }, (_, layer) => ({
      window: null,
      rope: (layer + 1) % interval === 0 ? null : 0,
    })),
    ropes: [config.rope()],
  }),
};
