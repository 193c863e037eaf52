import { ggufNames, huggingFaceNames } from '../tensorNames.ts';
import { fullAttention, type Architecture } from './architecture.ts';

/** Llama 1 to 3.3 and what shares their blocks: SmolLM 1 and 2, TinyLlama, Mistral and Yi as GGUF (https://arxiv.org/abs/2407.21783). */
export const llama: Architecture = {
  id: 'llama',
  title: 'Llama',
  modelTypes: ['llama'],
  norms: 'before',
  queryKeyNorm: 'none',
  activation: 'silu',
  names: { huggingFace: huggingFaceNames, gguf: ggufNames },
  ggufPermutesHeads: true,
  normOffset: 0,
  defaults: { rms_norm_eps: 1e-6, max_position_embeddings: 2048 },
  fromHuggingFace: (config, { layers }) => ({ attention: fullAttention(layers), ropes: [config.rope()] }),
  fromGguf: (config, { layers }) => ({ attention: fullAttention(layers), ropes: [config.rope()] }),
};
