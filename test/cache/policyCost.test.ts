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
  const times = policyIds.map((id) => {
    const policy = parsePolicy(id);
    const start = performance.now();
    compress(layers, policy, 0.5);
    return { id, milliseconds: performance.now() - start };
  });
  const total = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  t.diagnostic(
    `${times.map(({ id, milliseconds }) => `${id} ${milliseconds.toFixed(1)} ms`).join(', ')}; ${total.toFixed(1)} ms in all`,
  );
  // A prefill of this length takes more than a second on two cores.
  assert.ok(total < 1000, `${total} ms`);
});
