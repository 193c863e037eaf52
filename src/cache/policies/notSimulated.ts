import type { Paper } from './policy.ts';

/** A policy that people may look for and that cannot be simulated here. */
export interface NotSimulated {
  readonly title: string;
  readonly paper: Paper;
  readonly reason: string;
}

const trained = (what: string): string => `Needs ${what}, trained for one model.`;

/** For the documentation: what is left out, and why. */
export const notSimulated: readonly NotSimulated[] = [
  {
    title: 'Expected attention with stored statistics',
    paper: {
      title: 'Expected Attention: KV Cache Compression by Estimating Attention from Future Queries Distribution',
      url: 'https://arxiv.org/abs/2510.00636',
    },
    reason: `${trained('means and covariances of queries per layer and head')} \`expected-attention\` takes those of the prompt itself.`,
  },
  {
    title: 'Q-Filters',
    paper: {
      title: 'Q-Filters: Leveraging QK Geometry for Efficient KV Cache Compression',
      url: 'https://arxiv.org/abs/2503.02812',
    },
    reason: trained('a filter direction per layer and head'),
  },
  {
    title: 'KVzap',
    paper: { title: 'KVzap', url: 'https://arxiv.org/abs/2601.07891' },
    reason: `${trained('a small network on the hidden states')} \`dms\` is its way of choosing by a threshold.`,
  },
  {
    title: 'Fast KVzip',
    paper: { title: 'Fast KVzip', url: 'https://arxiv.org/abs/2601.17668' },
    reason: `${trained('a gate per layer')} \`kvzip\` measures what it predicts.`,
  },
  {
    title: 'RestoreKV',
    paper: { title: 'RestoreKV', url: 'https://arxiv.org/abs/2608.01247' },
    reason: trained('an adapter and learned tokens'),
  },
  {
    title: 'DuoAttention',
    paper: {
      title: 'DuoAttention: Efficient Long-Context LLM Inference with Retrieval and Streaming Heads',
      url: 'https://arxiv.org/abs/2410.10819',
    },
    reason: trained('a score for each head'),
  },
  {
    title: 'LUKV',
    paper: { title: 'LUKV', url: 'https://arxiv.org/abs/2602.08585' },
    reason: trained('a curve of pruning ratios per layer and head'),
  },
  {
    title: 'Dynamic Memory Sparsification',
    paper: { title: 'Inference-Time Hyper-Scaling with KV Cache Compression', url: 'https://arxiv.org/abs/2506.05345' },
    reason:
      'Its scores come from further training of the model. `dms` applies its threshold to the scores of any policy.',
  },
  {
    title: 'FINCH',
    paper: {
      title: 'FINCH: Prompt-guided Key-Value Cache Compression for Large Language Models',
      url: 'https://aclanthology.org/2024.tacl-1.83/',
    },
    reason:
      'Scores with the question, which has to stand in the compressed part after a delimiter; a system prompt is compressed before any question. `chunk` is its chunking.',
  },
];
