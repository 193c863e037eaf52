import type { Architecture } from './architecture.ts';
import { qwen2 } from './qwen2.ts';

/** Qwen 3, dense: no biases, but a norm over each query and key head (https://arxiv.org/abs/2505.09388). */
export const qwen3: Architecture = {
  ...qwen2,
  id: 'qwen3',
  title: 'Qwen 3',
  modelTypes: ['qwen3'],
  queryKeyNorm: 'per-head',
  defaults: { ...qwen2.defaults, head_dim: 128 },
};
