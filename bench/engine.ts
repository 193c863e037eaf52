// Time of one run of the graph, by kind: `npm run bench`. Needs the default model (npm run demo) or HOLDFAST_MODEL.
// Timings depend on the machine and its load: compare two builds side by side in one sitting, by their minima.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DecoderOutput } from '../src/runtime/simulator/decoder.ts';
import { benchModelPath, openDecoder, stepOf, type StepShape } from './support.ts';

const repetitions = 5;
/** Length of the shared prefix: a system prompt of ordinary size. */
const prefixTokens = 256;

interface Case extends Omit<StepShape, 'prefixTokens'> {
  readonly name: string;
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

const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-bench-'));
try {
  const { decoder, graph, buildMs, loadMs } = await openDecoder(await benchModelPath(), scratch);
  console.log(
    `build ${buildMs.toFixed(0)} ms, load ${loadMs.toFixed(0)} ms, ${(graph.weightBytes / 1e6).toFixed(0)} MB of weights`,
  );
  for (const one of cases) {
    const step = stepOf(decoder.config, { ...one, prefixTokens });
    let best = Infinity;
    for (let i = 0; i < repetitions; i++) {
      const start = performance.now();
      await decoder.run(step, one.wanted);
      best = Math.min(best, performance.now() - start);
    }
    const perSecond = (one.rows * one.tokens * 1000) / best;
    console.log(
      `${one.name.padEnd(36)} ${best.toFixed(1).padStart(8)} ms ${perSecond.toFixed(0).padStart(6)} tokens/s`,
    );
  }
  console.log(`resident set ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
