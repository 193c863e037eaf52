import { permuteRows, unpermuteRow, type SourceRow } from '../weights/ropePermutation.ts';
import type { WeightSource } from '../weights/weightSource.ts';
import { architectureOf } from './architectures/index.ts';
import type { EmbeddingWeight } from './embedding.ts';
import type { LinearWeight } from './linear.ts';
import type { ModelConfig } from './modelConfig.ts';
import type { Precision } from './precision.ts';
import { linearRoles, type LinearRole, type NormRole, type TensorNames } from './tensorNames.ts';
import { readEmbedding, readMatrix, readOutput, readVector } from './weightMatrix.ts';

/** Weights of a decoder by role, whatever file they come from; read on demand. */
export interface DecoderWeights {
  embedding(): EmbeddingWeight;
  output(): LinearWeight;
  outputNorm(): Float32Array;
  norm(role: NormRole, layer: number): Float32Array;
  linear(role: LinearRole, layer: number): LinearWeight;
}

/** What the names of a Hugging Face file begin with where the decoder is one part of a larger model. */
const decoderPrefixes = ['model.', 'language_model.model.', 'model.language_model.'];

/** The weights of a model's decoder from a GGUF file or Hugging Face tensors. */
export function decoderWeights(source: WeightSource, config: ModelConfig, precision: Precision): DecoderWeights {
  const architecture = architectureOf(config);
  const isGguf = source.format === 'gguf';
  const names = isGguf ? fusedIfStored(source, architecture.names.gguf) : architecture.names.huggingFace;
  const named = isGguf ? (name: string) => name : storedName(source, names.embedding);
  const normOffset = isGguf ? 0 : architecture.normOffset;
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
  const normSizes: Partial<Record<NormRole, number>> =
    config.queryKeyNorm === 'per-head' ? { query: headDim, key: headDim } : { query: queries, key: keys };

  /** Where the rows of a role begin in the tensor that holds it, and how many rows that has. */
  const placeOf = (role: LinearRole): { firstRow: number; storedRows: number } => {
    const fused = linearRoles.filter((other) => names.linear[other] === names.linear[role]);
    const rowsOf = (roles: readonly LinearRole[]): number => roles.reduce((rows, other) => rows + shapes[other][0], 0);
    return { firstRow: rowsOf(fused.slice(0, fused.indexOf(role))), storedRows: rowsOf(fused) };
  };
  const norm = (name: string, size: number): Float32Array => {
    const weight = readVector(source, named(name), size);
    return normOffset === 0 ? weight : weight.map((value) => value + normOffset);
  };

  return {
    embedding: () => readEmbedding(source, named(names.embedding), vocabSize, hiddenSize, precision),
    output() {
      const own = storedOutput(source, names.output);
      const name = own === undefined || config.tiedOutput ? named(names.embedding) : own;
      return readOutput(source, name, vocabSize, hiddenSize, precision);
    },
    outputNorm: () => norm(names.outputNorm, hiddenSize),
    norm: (role, layer) => norm(names.layer(layer, names.norm[role]), normSizes[role] ?? hiddenSize),
    linear(role, layer) {
      const [rows, cols] = shapes[role];
      const { firstRow, storedRows } = placeOf(role);
      // The graph rotates halves of a head; such GGUF files store query and key rows for interleaved rotation.
      const isPermuted = isGguf && architecture.ggufPermutesHeads && (role === 'query' || role === 'key');
      const unpermuted = isPermuted ? unpermuteRow(headDim) : undefined;
      const sourceRow: SourceRow | undefined =
        firstRow === 0 ? unpermuted : (row) => firstRow + (unpermuted?.(row) ?? row);
      const name = names.layer(layer, names.linear[role]);
      const weight = readMatrix(source, named(name), rows, cols, { precision, sourceRow, storedRows });
      const biasName = named(names.layer(layer, names.linear[role], 'bias'));
      if (!source.tensors.has(biasName)) return weight;
      const bias = readVector(source, biasName, storedRows).slice(firstRow, firstRow + rows);
      return { ...weight, bias: unpermuted ? permuteRows(bias, rows, 1, unpermuted) : bias };
    },
  };
}

/** Converters can store queries, keys and values of any family as one tensor. */
function fusedIfStored(source: WeightSource, names: TensorNames): TensorNames {
  const fused = 'attn_qkv';
  if (!source.tensors.has(names.layer(0, fused))) return names;
  return { ...names, linear: { ...names.linear, query: fused, key: fused, value: fused } };
}

/** Maps the name of a decoder's tensor to that of the file. */
function storedName(source: WeightSource, embedding: string): (name: string) => string {
  const plain = decoderPrefixes[0]!;
  const prefixed = (prefix: string, name: string): string => prefix + name.slice(plain.length);
  const prefix = decoderPrefixes.find((candidate) => source.tensors.has(prefixed(candidate, embedding))) ?? plain;
  return (name) => prefixed(prefix, name);
}

/** The tensor of the output projection, if the file has one of its own. */
function storedOutput(source: WeightSource, output: string): string | undefined {
  return [output, `language_model.${output}`].find((name) => source.tensors.has(name));
}
