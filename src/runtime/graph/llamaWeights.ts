import { HoldfastError } from '../../errors.ts';
import { unpackQuant4, unpackQuant8 } from '../weights/quantBlocks.ts';
import { permuteRows, unpermuteRow, type SourceRow } from '../weights/ropePermutation.ts';
import { readFloat32, type TensorInfo, type WeightSource } from '../weights/weightSource.ts';
import type { LinearMatrix } from './linear.ts';
import type { EmbeddingWeight, LlamaWeights } from './llama.ts';
import type { ModelConfig } from './modelConfig.ts';

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

/** Weights of a Llama decoder from a GGUF file or Hugging Face tensors. Four-bit matrices stay four-bit, others become float32. */
export function llamaWeights(source: WeightSource, config: ModelConfig): LlamaWeights {
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

  const checked = (name: string, shape: readonly number[]): TensorInfo => {
    const info = source.tensors.get(name);
    if (info?.shape.join() !== shape.join()) {
      const found = info === undefined ? 'is missing' : `has shape ${info.shape.join(' x ')}`;
      throw new HoldfastError(
        'model-format',
        `${source.path}: tensor "${name}" ${found}; the model's configuration asks for ${shape.join(' x ')}.`,
        'The file does not match its own metadata: download it again or convert it again.',
      );
    }
    return info;
  };
  const vector = (name: string): Float32Array => {
    checked(name, [hiddenSize]);
    return readFloat32(source, name);
  };
  const matrix = (name: string, [rows, cols]: readonly [number, number], sourceRow?: SourceRow): LinearMatrix => {
    const info = checked(name, [rows, cols]);
    if (info.type === 'Q4_0' || info.type === 'Q4_1') {
      const { quants, scales, mins } = unpackQuant4(info, source.readRaw(name), sourceRow);
      return { kind: 'blocks4', rows, cols, quants, scales, mins };
    }
    const values = readFloat32(source, name);
    return { kind: 'float', rows, cols, values: sourceRow ? permuteRows(values, rows, cols, sourceRow) : values };
  };

  return {
    embedding(): EmbeddingWeight {
      const info = checked(names.embedding, [vocabSize, hiddenSize]);
      if (info.type !== 'Q8_0') return { kind: 'float', values: readFloat32(source, names.embedding) };
      const { quants, scales } = unpackQuant8(info, source.readRaw(names.embedding));
      return { kind: 'blocks8', quants, scales };
    },
    output() {
      const name = source.tensors.has(names.output) ? names.output : names.embedding;
      checked(name, [vocabSize, hiddenSize]);
      // Float even where it is stored in blocks: MatMulNBits is slow at one row and 49,000 outputs.
      return { kind: 'float', rows: vocabSize, cols: hiddenSize, values: readFloat32(source, name) };
    },
    ropeDivisors() {
      if (source.format !== 'gguf' || !source.tensors.has(ropeDivisorsName)) return null;
      checked(ropeDivisorsName, [headDim / 2]);
      return readFloat32(source, ropeDivisorsName);
    },
    outputNorm: () => vector(names.outputNorm),
    norm: (role, layer) => vector(names.layer(layer, names.norm[role])),
    linear(role, layer) {
      // GGUF stores query and key rows for interleaved RoPE; the graph rotates halves.
      const permuted = source.format === 'gguf' && (role === 'query' || role === 'key');
      const sourceRow = permuted ? unpermuteRow(headDim) : undefined;
      const weight = matrix(names.layer(layer, names.linear[role]), shapes[role], sourceRow);
      const biasName = names.layer(layer, names.linear[role], 'bias');
      if (!source.tensors.has(biasName)) return weight;
      checked(biasName, [weight.rows]);
      const bias = readFloat32(source, biasName);
      return { ...weight, bias: sourceRow ? permuteRows(bias, weight.rows, 1, sourceRow) : bias };
    },
  };
}

/** How the weights are executed, for reports: the most frequent type of the layers' matrices. */
export function describeExecution(source: WeightSource): string {
  const names = source.format === 'gguf' ? ggufNames : huggingFaceNames;
  const type = source.tensors.get(names.layer(0, names.linear.gate))?.type ?? 'unknown';
  return type === 'Q4_0' || type === 'Q4_1' ? `${type}, exact 4-bit` : `${type}, executed as float32`;
}
