import { HoldfastError } from '../../../errors.ts';
import type { Architecture } from './architecture.ts';
import { llama } from './llama.ts';

/** OLMo 2: norms after each block, and over all queries and all keys together (https://arxiv.org/abs/2501.00656). */
export const olmo2: Architecture = {
  ...llama,
  id: 'olmo2',
  title: 'OLMo 2',
  modelTypes: ['olmo2'],
  norms: 'after',
  queryKeyNorm: 'all-heads',
  ggufPermutesHeads: false,
  defaults: { rms_norm_eps: 1e-5, max_position_embeddings: 2048 },
  fromGguf(config, sizes) {
    if ((config.number('attention.sliding_window') ?? 0) > 0) {
      throw new HoldfastError(
        'unsupported-model',
        `${config.gguf.path} is an OLMo 3 model (it goes by the name of OLMo 2), which this version does not run.`,
        'Use an OLMo 2 model.',
      );
    }
    return llama.fromGguf(config, sizes);
  },
};
