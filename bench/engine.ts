// Time of one run of the graph, by kind: `npm run bench`. Needs the default model (npm run demo) or HOLDFAST_MODEL.
// Timings depend on the machine and its load: compare two builds side by side in one sitting, by their minima.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { OnnxSession } from '../src/runtime/engine/onnxSession.ts';
import { ensureGraph } from '../src/runtime/graph/graphCache.ts';
import { configFromGguf } from '../src/runtime/graph/ggufConfig.ts';
import type { ModelConfig } from '../src/runtime/graph/modelConfig.ts';
import { resolveModel } from '../src/runtime/models/index.ts';
import { causalBias, Decoder, type DecoderOutput, type DecoderStep } from '../src/runtime/simulator/decoder.ts';
import { OwnCache } from '../src/runtime/simulator/ownCache.ts';
import { openGguf } from '../src/runtime/weights/gguf.ts';

const repetitions = 5;
/** Length of the shared prefix: a system prompt of ordinary size. */
const prefixTokens = 256;

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly tokens: number;
  /** Each row's earlier tokens. */
  readonly own: number;
  /** Tokens of each row that are compared with the full cache; 0 where only the next token is read. */
  readonly scored: number;
  readonly wanted: readonly DecoderOutput[];
}

const cases: readonly Case[] = [
  { name: 'prefill, 128 tokens', rows: 1, tokens: 128, own: 0, scored: 0, wanted: ['keyValues', 'sums'] },
  ...[1, 8, 32, 64].map((rows): Case => ({
    name: `decode, ${rows} rows`,
    rows,
    tokens: 1,
    own: 32,
    scored: 0,
    wanted: ['argmax', 'keyValues'],
  })),
  { name: 'compare, 12 rows of 16 + 24 tokens', rows: 12, tokens: 40, own: 0, scored: 24, wanted: ['scores'] },
];

function stepOf(config: ModelConfig, { rows, tokens, own, scored }: Case): DecoderStep {
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
    ownBias: cache === null ? causalBias(rows, tokens) : cache.decodeBias(),
    logitRows,
    ...(scored === 0
      ? {}
      : {
          scoring: {
            targets: new Int32Array(logitRows.length),
            reference: new Float32Array(scored * vocabSize).fill(1 / vocabSize),
            referenceTokens: scored,
          },
        }),
  };
}

async function modelFile(): Promise<string> {
  const named = process.env.HOLDFAST_MODEL;
  const resolved = await resolveModel(
    named === undefined || named === '' ? undefined : named,
    new AbortController().signal,
  );
  if ('missing' in resolved) throw new Error('The default model is not on this machine: run "npm run demo" once.');
  return resolved.path;
}

const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-bench-'));
try {
  const gguf = openGguf(await modelFile());
  const config = configFromGguf(gguf);
  const timed = async <T>(work: () => T | Promise<T>): Promise<[T, number]> => {
    const start = performance.now();
    const result = await work();
    return [result, performance.now() - start];
  };
  const [graph, buildMs] = await timed(() => ensureGraph(gguf, config, '0'.repeat(24), scratch));
  gguf.close();
  const [session, loadMs] = await timed(() => OnnxSession.create(graph.modelPath, 'cpu'));
  console.log(
    `build ${buildMs.toFixed(0)} ms, load ${loadMs.toFixed(0)} ms, ${(graph.weightBytes / 1e6).toFixed(0)} MB of weights`,
  );
  const decoder = new Decoder(session, config);
  for (const one of cases) {
    const step = stepOf(config, one);
    let best = Infinity;
    for (let i = 0; i < repetitions; i++) best = Math.min(best, (await timed(() => decoder.run(step, one.wanted)))[1]);
    const perSecond = (one.rows * one.tokens * 1000) / best;
    console.log(
      `${one.name.padEnd(36)} ${best.toFixed(1).padStart(8)} ms ${perSecond.toFixed(0).padStart(6)} tokens/s`,
    );
  }
  console.log(`resident set ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
