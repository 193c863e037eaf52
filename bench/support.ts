import { HoldfastError } from '../src/errors.ts';
import { OnnxSession } from '../src/runtime/engine/onnxSession.ts';
import { configFromGguf } from '../src/runtime/graph/ggufConfig.ts';
import { ensureGraph, type BuiltGraph } from '../src/runtime/graph/graphCache.ts';
import type { ModelConfig } from '../src/runtime/graph/modelConfig.ts';
import { resolveModel, type ResolvedModel } from '../src/runtime/models/index.ts';
import { causalBias, Decoder, type DecoderStep } from '../src/runtime/simulator/decoder.ts';
import { OwnCache } from '../src/runtime/simulator/ownCache.ts';
import { openGguf } from '../src/runtime/weights/gguf.ts';

/** The model named by HOLDFAST_MODEL, else the default model. */
export async function benchModel(): Promise<ResolvedModel> {
  const named = process.env.HOLDFAST_MODEL;
  const resolved = await resolveModel(
    named === undefined || named === '' ? undefined : named,
    new AbortController().signal,
  );
  if (!('missing' in resolved)) return resolved;
  throw new HoldfastError(
    'model-not-found',
    `${resolved.missing.title} is not on this machine.`,
    'Run "npm run demo" once, or name a model file with HOLDFAST_MODEL.',
  );
}

export const benchModelPath = async (): Promise<string> => (await benchModel()).path;

export interface OpenDecoder {
  readonly decoder: Decoder;
  readonly graph: BuiltGraph;
  readonly buildMs: number;
  readonly loadMs: number;
}

/** Converts a model into `scratch` and opens it on the CPU. */
export async function openDecoder(modelPath: string, scratch: string): Promise<OpenDecoder> {
  const gguf = openGguf(modelPath);
  const config = configFromGguf(gguf);
  const start = performance.now();
  const graph = ensureGraph(gguf, config, '0'.repeat(24), scratch);
  gguf.close();
  const built = performance.now();
  const session = await OnnxSession.create(graph.modelPath, 'cpu');
  return {
    decoder: new Decoder(session, config),
    graph,
    buildMs: built - start,
    loadMs: performance.now() - built,
  };
}

export interface StepShape {
  readonly rows: number;
  readonly tokens: number;
  /** Each row's earlier tokens. */
  readonly own: number;
  /** Tokens of each row that are compared with the full cache; 0 where only the next token is read. */
  readonly scored: number;
  readonly prefixTokens: number;
}

/** A step of that shape on made-up keys and values. */
export function stepOf(config: ModelConfig, { rows, tokens, own, scored, prefixTokens }: StepShape): DecoderStep {
  const { layers, kvHeads, headDim, vocabSize } = config;
  const tensor = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i) / 2);
  const prefix = Array.from({ length: layers }, () => tensor(kvHeads * prefixTokens * headDim));
  const cache = own === 0 ? null : new OwnCache(config, rows, own);
  cache?.lengths.fill(own);
  const perRow = Math.max(1, scored);
  const logitRows = Int32Array.from(
    { length: rows * perRow },
    (_, i) => Math.floor(i / perRow) * tokens + tokens - perRow + (i % perRow),
  );
  return {
    rows,
    tokens,
    ids: Int32Array.from({ length: rows * tokens }, (_, i) => 100 + ((i * 7919) % 40_000)),
    positions: Int32Array.from({ length: rows * tokens }, (_, i) => prefixTokens + own + (i % tokens)),
    prefix: { keys: prefix, values: prefix, tokens: prefixTokens },
    prefixBias: Array.from({ length: layers }, () => new Float32Array(kvHeads * rows * prefixTokens)),
    own: cache,
    ownBias: cache === null ? causalBias(rows, tokens) : cache.bias(1),
    logitRows,
    ...(scored === 0
      ? {}
      : {
          scoring: {
            targets: new Int32Array(logitRows.length),
            reference: { probabilities: new Float32Array(scored * vocabSize).fill(1 / vocabSize), tokens: scored },
          },
        }),
  };
}
