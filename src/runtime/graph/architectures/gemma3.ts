import type { LayerAttention } from '../modelConfig.ts';
import type { Architecture } from './architecture.ts';
import { gemma2, gemmaScale } from './gemma2.ts';

const pattern = 6; // five layers slide, the sixth does not
const localTheta = 10_000;

/** Layers that slide rotate with the second, unscaled embedding. */
const attentionOf = (slides: boolean, window: number | null): LayerAttention =>
  slides ? { window, rope: 1 } : { window: null, rope: 0 };

/** Gemma 3, the text part: norms of queries and keys instead of soft caps, two rotary embeddings (https://arxiv.org/abs/2503.19786). */
export const gemma3: Architecture = {
  ...gemma2,
  id: 'gemma3',
  title: 'Gemma 3',
  modelTypes: ['gemma3_text', 'gemma3'],
  queryKeyNorm: 'per-head',
  defaults: {
    ...gemma2.defaults,
    vocab_size: 262_208,
    max_position_embeddings: 131_072,
    rope_theta: 1_000_000,
    attn_logit_softcapping: null,
    final_logit_softcapping: null,
  },
  fromHuggingFace(config, { layers, hiddenSize }) {
    const { json } = config;
    const every = json.sliding_window_pattern ?? json._sliding_window_pattern ?? pattern;
    return {
      attention: config
        .layerTypes(layers, (layer) => (layer + 1) % every !== 0)
        .map((slides) => attentionOf(slides, json.sliding_window ?? null)),
      ropes: [
        config.rope('full_attention'),
        config.rope('sliding_attention', { theta: json.rope_local_base_freq ?? localTheta, scaled: false }),
      ],
      attentionScale: json.query_pre_attn_scalar! ** -0.5,
      attentionSoftCap: json.attn_logit_softcapping ?? null,
      logitSoftCap: json.final_logit_softcapping ?? null,
      embeddingScale: Math.sqrt(hiddenSize),
    };
  },
  fromGguf(config, sizes) {
    const window = config.number('attention.sliding_window') ?? 0;
    const rope = config.rope();
    return {
      attention: config.slidingLayers(sizes.layers, pattern).map((slides) => attentionOf(slides && window > 0, window)),
      ropes: [rope, { ...rope, theta: config.number('rope.freq_base_swa') ?? localTheta, scaling: { type: 'none' } }],
      attentionScale: gemmaScale(sizes, 62),
      attentionSoftCap: config.number('attn_logit_softcapping') ?? null,
      logitSoftCap: config.number('final_logit_softcapping') ?? null,
      embeddingScale: Math.sqrt(sizes.hiddenSize),
    };
  },
};
