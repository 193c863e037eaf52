import { permuteRows, unpermuteRow } from '../weights/ropePermutation.ts';
import type { WeightSource } from '../weights/weightSource.ts';
import type { LlamaWeights } from './llama.ts';
import type { ModelConfig } from './modelConfig.ts';
import type { Precision } from './precision.ts';
import { readEmbedding, readMatrix, readOutput, readVector } from './weightMatrix.ts';

type LinearRole = Parameters<LlamaWeights['linear']>[0];

/** How a file format names the tensors of a Llama decoder. */
interface TensorNames {
  readonly embedding: string;
  readonly output: string;
  readonly outputNorm: string;
  readonly norm: Readonly<Record<'attention' | 'feedForward', string>>;
  readonly linear: Readonly<Record<LinearRole, string>>;
  layer(index: number, name: string, part?: 'weight' | 'bias'): string;
}

const ggufNames: TensorNames = {
  embedding: 'token_embd.weight',
  output: 'output.weight',
  outputNorm: 'output_norm.weight',
  norm: { attention: 'attn_norm', feedForward: 'ffn_norm' },
  linear: {
    query: 'attn_q',
    key: 'attn_k',
    value: 'attn_v',
    attentionOutput: 'attn_output',
    gate: 'ffn_gate',
    up: 'ffn_up',
    down: 'ffn_down',
  },
  layer: (index, name, part = 'weight') => `blk.${index}.${name}.${part}`,
};

const huggingFaceNames: TensorNames = {
  embedding: 'model.embed_tokens.weight',
  output: 'lm_head.weight',
  outputNorm: 'model.norm.weight',
  norm: { attention: 'input_layernorm', feedForward: 'post_attention_layernorm' },
  linear: {
    query: 'self_attn.q_proj',
    key: 'self_attn.k_proj',
    value: 'self_attn.v_proj',
    attentionOutput: 'self_attn.o_proj',
    gate: 'mlp.gate_proj',
    up: 'mlp.up_proj',
    down: 'mlp.down_proj',
  },
  layer: (index, name, part = 'weight') => `model.layers.${index}.${name}.${part}`,
};

const ropeDivisorsName = 'rope_freqs.weight';

/** Weights of a Llama decoder from a GGUF file or Hugging Face tensors. */
export function llamaWeights(source: WeightSource, config: ModelConfig, precision: Precision): LlamaWeights {
  const names = source.format === 'gguf' ? ggufNames : huggingFaceNames;
  const { hiddenSize, feedForwardSize, queryHeads, kvHeads, headDim, vocabSize } = config;
  const queries = queryHeads * headDim;
  const keys = kvHeads * headDim;
  const shapes: Record<LinearRole, readonly [rows: number, cols: number]> = {
    query: [queries, hiddenSize],
    key: [keys, hiddenSize],
    value: [keys, hiddenSize],
    attentionOutput: [hiddenSize, queries],
    gate: [feedForwardSize, hiddenSize],
    up: [feedForwardSize, hiddenSize],
    down: [hiddenSize, feedForwardSize],
  };

  return {
    embedding: () => readEmbedding(source, names.embedding, vocabSize, hiddenSize, precision),
    output() {
      const name = source.tensors.has(names.output) ? names.output : names.embedding;
      return readOutput(source, name, vocabSize, hiddenSize, precision);
    },
    ropeDivisors() {
      if (source.format !== 'gguf' || !source.tensors.has(ropeDivisorsName)) return null;
      return readVector(source, ropeDivisorsName, headDim / 2);
    },
    outputNorm: () => readVector(source, names.outputNorm, hiddenSize),
    norm: (role, layer) => readVector(source, names.layer(layer, names.norm[role]), hiddenSize),
    linear(role, layer) {
      // GGUF stores query and key rows for interleaved RoPE; the graph rotates halves.
      const permuted = source.format === 'gguf' && (role === 'query' || role === 'key');
      const sourceRow = permuted ? unpermuteRow(headDim) : undefined;
      const [rows, cols] = shapes[role];
      const weight = readMatrix(source, names.layer(layer, names.linear[role]), rows, cols, { precision, sourceRow });
      const biasName = names.layer(layer, names.linear[role], 'bias');
      if (!source.tensors.has(biasName)) return weight;
      const bias = readVector(source, biasName, rows);
      return { ...weight, bias: sourceRow ? permuteRows(bias, rows, 1, sourceRow) : bias };
    },
  };
}
