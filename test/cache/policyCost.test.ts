import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import { createObservation } from '../../src/cache/layerObservation.ts';
import { parsePolicy, policyIds } from '../../src/cache/policies/index.ts';
import { noise } from '../support/layers.ts';

/** The default model, and a long system turn. */
const [layerCount, queryHeads, kvHeads, headDim, seqLen] = [30, 9, 3, 64, 512];

test('choosing by every policy of the default grid takes a small part of the time of a prefill', (t) => {
  const vectors = (seed: number): Float32Array => noise(kvHeads * seqLen * headDim, seed);
  const sums = noise(queryHeads * seqLen, 3).map(Math.abs);
  const layers = Array.from({ length: layerCount }, (_, layer) =>
    createObservation({
      seqLen,
      queryHeads,
      kvHeads,
      headDim,
      window: null,
      keys: vectors(layer),
      values: vectors(layer + 100),
      columnSums: () => sums,
    }),
  );
  const milliseconds = (id: string): number => {
    const start = performance.now();
    compress(layers, parsePolicy(id), 0.5);
    return performance.now() - start;
  };
  // The first round is compilation, and other programs disturb some rounds.
  const times = policyIds.map((id) => ({ id, best: Math.min(...[0, 1, 2, 3].map(() => milliseconds(id))) }));
  const total = times.reduce((sum, { best }) => sum + best, 0);
  t.diagnostic(
    `${times.map(({ id, best }) => `${id} ${best.toFixed(1)} ms`).join(', ')}; ${total.toFixed(1)} ms in all`,
  );
  // A prefill of this length takes more than a second on two cores.
  assert.ok(total < 500, `${total} ms`);
});
