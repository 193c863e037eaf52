// Throughput against llama.cpp on the same GGUF and as many threads, alternating in one run: `npm run bench:engine`.
// Needs the default model (npm run demo) or HOLDFAST_MODEL. Timings are noisy: read the ratios of the minima.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import os from 'node:os';
import path from 'node:path';
import { policyIds, rowGroupsFor } from '../src/cache/policies/index.ts';
import { LlamaCpp, openLlamaCpp } from './llamaCpp.ts';
import { benchModelPath, openDecoder, stepOf } from './support.ts';
import { prefill } from '../src/runtime/simulator/prefill.ts';
import type { Decoder } from '../src/runtime/simulator/decoder.ts';

const repetitions = Number(process.env.HOLDFAST_BENCH_REPETITIONS ?? 7);
const prefixTokens = 256;

interface Duel {
  readonly name: string;
  /** Tokens that one measurement computes. */
  readonly tokens: number;
  /** How many times faster than llama.cpp it ought to be. */
  readonly bar: number;
  readonly ours: () => Promise<void>;
  readonly theirs: () => Promise<void>;
}

const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => 100 + ((i * 7919) % 40_000));
const neverPause = (): Promise<void> => Promise.resolve();

function prefillDuel(decoder: Decoder, llama: LlamaCpp, tokens: number): Duel {
  const text = ids(tokens);
  return {
    name: `prefill, ${tokens} tokens`,
    tokens,
    bar: 3,
    ours: async () => {
      await prefill(decoder, Int32Array.from(text), rowGroupsFor(policyIds, tokens), neverPause);
    },
    theirs: async () => {
      await llama.feed([0], 0, Uint32Array.from(text));
      llama.forget([0], 0, tokens);
    },
  };
}

/** One more token for each of `rows` variants of one prefix. */
async function decodeDuel(decoder: Decoder, llama: LlamaCpp, rows: number, bar: number): Promise<Duel> {
  const step = stepOf(decoder.config, { rows, tokens: 1, own: 1, scored: 0, prefixTokens });
  const sequences = Array.from({ length: rows }, (_, sequence) => sequence);
  const prefix = Uint32Array.from(ids(prefixTokens));
  for (const sequence of sequences) await llama.feed([sequence], 0, prefix);
  return {
    name: `decode, ${rows} ${rows === 1 ? 'row' : 'variants'} on ${prefixTokens} tokens`,
    tokens: rows,
    bar,
    ours: async () => {
      await decoder.run(step, ['argmax', 'keyValues']);
    },
    theirs: async () => {
      await llama.feed(sequences, prefixTokens, Uint32Array.of(100));
      llama.forget(sequences, prefixTokens, prefixTokens + 1);
    },
  };
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function fight({ name, tokens, bar, ours, theirs }: Duel): Promise<void> {
  await ours();
  await theirs();
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let i = 0; i < repetitions; i++) {
    times.ours.push(await milliseconds(ours));
    times.theirs.push(await milliseconds(theirs));
  }
  const [a, b] = [Math.min(...times.ours), Math.min(...times.theirs)];
  const median = (values: number[]): number => values.sort((x, y) => x - y)[Math.floor(values.length / 2)]!;
  const ratio = b / a;
  const speed = (ms: number): string =>
    `${ms.toFixed(1).padStart(8)} ms ${((1000 * tokens) / ms).toFixed(0).padStart(6)} tok/s`;
  console.log(
    `${name.padEnd(36)} ${speed(a)}   llama.cpp ${speed(b)}   ${ratio.toFixed(2)} x ` +
      `(medians ${(median(times.theirs) / median(times.ours)).toFixed(2)} x), bar ${bar} x: ${ratio >= bar ? 'reached' : 'not reached'}`,
  );
}

const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-bench-'));
try {
  const model = await benchModelPath();
  const threads = availableParallelism();
  const { decoder } = await openDecoder(model, scratch);
  const llamaModel = await openLlamaCpp(model, threads);
  console.log(`${path.basename(model)}, ${threads} threads, ${repetitions} repetitions, minima`);
  const prefills = await LlamaCpp.open(llamaModel, threads, 1, 1280);
  for (const tokens of [256, 1024]) await fight(prefillDuel(decoder, prefills, tokens));
  await prefills.dispose();
  for (const [rows, bar] of [
    [32, 1.5],
    [8, 1],
    [1, 0.6],
  ] as const) {
    const llama = await LlamaCpp.open(llamaModel, threads, rows, prefixTokens + 256);
    await fight(await decodeDuel(decoder, llama, rows, bar));
    await llama.dispose();
  }
  await decoder.session.release();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
