import type { ModelConfig } from '../graph/modelConfig.ts';
import { formatBytes } from './bytes.ts';

/** The part of a model's blueprint that memory depends on. */
export type MemoryShape = Pick<
  ModelConfig,
  'layers' | 'hiddenSize' | 'feedForwardSize' | 'queryHeads' | 'kvHeads' | 'headDim' | 'vocabSize'
>;

/** What runs at the same time, at its largest. */
export interface MemoryWork {
  /** S, tokens of the system turn. */
  readonly promptTokens: number;
  /** Tokens per run of the prefill. */
  readonly prefillChunk: number;
  /** Sequences that are decoded together. */
  readonly rows: number;
  /** Tokens of its own (user turn and answer) that each of them comes to. */
  readonly ownTokens: number;
  /** Token rows of one run that forces answers. */
  readonly tokenRows: number;
  /** Rows of one run that get logits. */
  readonly logitRows: number;
  /** Tokens of the full cache's answers whose probabilities are kept. */
  readonly referenceTokens: number;
}

/** Peak memory of the engine's process, in bytes, by what it is used for. */
export interface MemoryEstimate {
  readonly weights: number;
  /** Keys, values and attention sums of the system turn. */
  readonly prefix: number;
  /** Each sequence's own cache and mask, and what a run over them needs. */
  readonly variants: number;
  readonly logits: number;
  /** The program, the runtime, the tokenizer. */
  readonly overhead: number;
  readonly total: number;
}

const float = 4;
/** Node, ONNX Runtime's library and the engine's program, before anything is loaded (measured: 95 to 105 MB). */
const programBytes = 110e6;
/** Token texts, merges and their maps. */
const tokenizerBytesPerToken = 600;
/**
 * While a session starts, weights are mapped from the file and packed for the kernels at the same time (measured 1.33 for
 * the default model, a third of which is one packed matrix; larger models have smaller parts).
 */
const loadFactor = 1.3;
/** Growing arrays are copied, and the old ones go with the next garbage collection. */
const copies = 2;
/** Scores by part, concatenated scores, probabilities, their split: matrices of one layer that live together. */
const attentionMatrices = 4;
/** Logits, and in turn their exponentials and their product with the reference. */
const logitMatrices = 2;
/** Probabilities that one run over several answers compares with, at most. */
export const mixedReferenceBytes = 32e6;
/** Attention sums that policies read: over all rows, the last one, the last window. */
const rowGroups = 3;
/** Memory that ONNX Runtime's allocator keeps between runs of different sizes, and small arrays. */
const allocatorBytes = 40e6;

/** Bytes of one token's keys and values in all layers, float32. */
const keyValueBytes = ({ layers, kvHeads, headDim }: MemoryShape): number => 2 * layers * kvHeads * headDim * float;

/** Bytes that one more sequence adds to a batch: its own keys and values, and its mask over the prefix. */
export const sequenceBytes = (shape: MemoryShape, promptTokens: number, ownTokens: number): number =>
  copies * ownTokens * keyValueBytes(shape) + shape.layers * shape.kvHeads * promptTokens * float;

/** Peak of the engine's process for one prompt. A pure function of shapes, checked against the process in a test. */
export function estimateMemory(shape: MemoryShape, weightBytes: number, work: MemoryWork): MemoryEstimate {
  const { layers, queryHeads, vocabSize } = shape;
  const { promptTokens, prefillChunk, rows, ownTokens, tokenRows, logitRows, referenceTokens } = work;
  const perToken = keyValueBytes(shape);
  const overhead = programBytes + tokenizerBytesPerToken * vocabSize;
  const prefix = promptTokens * (copies * perToken + rowGroups * layers * queryHeads * float);
  const run = (runRows: number): number => runBytes(shape, runRows, promptTokens + ownTokens);
  // As many tokens as a run feeds are kept of user turns (FedTurns).
  const variants =
    allocatorBytes +
    tokenRows * perToken +
    rows * sequenceBytes(shape, promptTokens, ownTokens) +
    Math.max(run(tokenRows), run(prefillChunk));
  const mixed = Math.min(mixedReferenceBytes, float * vocabSize * logitRows);
  const logits = mixed + float * vocabSize * (logitMatrices * logitRows + referenceTokens);
  const running = weightBytes + prefix + variants + logits;
  const weights = Math.max(weightBytes, loadFactor * weightBytes - (running - weightBytes));
  return { weights, prefix, variants, logits, overhead, total: overhead + weights + prefix + variants + logits };
}

/** What one run of `rows` token rows over `keys` entries needs beside its inputs: one layer's matrices, all layers' outputs. */
function runBytes(shape: MemoryShape, rows: number, keys: number): number {
  const { hiddenSize, feedForwardSize, queryHeads } = shape;
  const attention = attentionMatrices * queryHeads * keys;
  const activations = 4 * hiddenSize + 3 * feedForwardSize;
  return rows * (float * (attention + activations) + keyValueBytes(shape));
}

/** `9.1 GB: weights 8.0 GB, prefix 600 MB, variants 300 MB, logits 200 MB, program 150 MB`. */
export function describeEstimate({ total, weights, prefix, variants, logits, overhead }: MemoryEstimate): string {
  const parts = Object.entries({ weights, prefix, variants, logits, program: overhead });
  return `${formatBytes(total)}: ${parts.map(([name, bytes]) => `${name} ${formatBytes(bytes)}`).join(', ')}`;
}
