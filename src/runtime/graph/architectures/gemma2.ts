import { ggufNames, huggingFaceNamesAround } from '../tensorNames.ts';
import type { Architecture } from './architecture.ts';

/** Gemma 2: norms around each block, soft caps, every other layer slides (https://arxiv.org/abs/2408.00118). */
export const gemma2: Architecture = {
  id: 'gemma2',
  title: 'Gemma 2',
  modelTypes: ['gemma2'],
  norms: 'around',
  queryKeyNorm: 'none',
  activation: 'gelu-tanh',
  names: { huggingFace: huggingFaceNamesAround, gguf: ggufNames },
  ggufPermutesHeads: false,
  normOffset: 1,
  defaults: {
    vocab_size: 256_000,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-6,
    query_pre_attn_scalar: 256,
    sliding_window: 4096,
    attn_logit_softcapping: 50,
    final_logit_softcapping: 30,
    tie_word_embeddings: true,
  },
  fromHuggingFace(config, { layers, hiddenSize }) {
    const { json } = config;
    return {
      attention: config
        .layerTypes(layers, (layer) => layer % 2 === 0)
        .map((slides) => ({ window: slides ? (json.sliding_window ?? null) : null, rope: 0 })),
      ropes: [config.rope()],
      attentionScale: json.query_pre_attn_scalar! ** -0.5,
      attentionSoftCap: json.attn_logit_softcapping ?? null,
      logitSoftCap: json.final_logit_softcapping ?? null,
      embeddingScale: Math.sqrt(hiddenSize),
    };
  },
  fromGguf(config, sizes) {
    const window = config.number('attention.sliding_window') ?? 4096;
    return {
      attention: Array.from({ length: sizes.layers }, (_, layer) => ({
        window: layer % 2 === 0 ? window : null,
        rope: 0,
      })),
      ropes: [config.rope()],
      attentionScale: gemmaScale(sizes, 46),
      attentionSoftCap: config.number('attn_logit_softcapping') ?? 50,
      logitSoftCap: config.number('final_logit_softcapping') ?? 30,
      embeddingScale: Math.sqrt(sizes.hiddenSize),
    };
  },
};

/**
 * GGUF files do not hold `query_pre_attn_scalar`: it is the head size, but for the 27B models (known by their number of
 * layers, as in llama.cpp) the hidden size per head.
 */
export const gemmaScale = (
  {
    layers,
    hiddenSize,
    queryHeads,
    headDim,
  }: { layers: number; hiddenSize: number; queryHeads: number; headDim: number },
  layersOfLargest: number,
): number => (layers === layersOfLargest ? hiddenSize / queryHeads : headDim) ** -0.5;
