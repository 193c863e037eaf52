import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cumulativeH2o, importanceCount, importanceTier } from '../../../src/cache/mikv/importanceTier.ts';
import { parsePolicy } from '../../../src/cache/policies/index.ts';
import { HoldfastError } from '../../../src/errors.ts';
import { layerFromAttention, randomLayer } from '../../support/layers.ts';

test('the cumulative score adds attention over queries and over the query heads of a KV head', () => {
  // Two query heads, one KV head, three tokens.
  const attention = [1, 0, 0, 0.5, 0.5, 0, 0.2, 0.2, 0.6, /* head 1 */ 1, 0, 0, 0.25, 0.75, 0, 0, 0.5, 0.5];
  const shape = { seqLen: 3, queryHeads: 2, kvHeads: 1, headDim: 2 };
  const layer = layerFromAttention(shape, new Float32Array(6), new Float32Array(6), attention);
  const expected = [2.95, 1.95, 1.1];
  for (const [position, score] of cumulativeH2o.score(layer).entries())
    assert.ok(Math.abs(score - expected[position]!) < 1e-6);
  assert.deepEqual([...importanceTier([layer], 2).positions(0, 0)], [0, 1]);
  assert.deepEqual([...importanceTier([layer], 2, { split: 'half-recent' }).positions(0, 0)], [0, 2]);
});

test('a tier has its size in every head, with the recent half and the whitelist inside', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(1e6), fc.nat(100), fc.nat(29), (seqLen, seed, percent, at) => {
      const count = importanceCount(seqLen, percent / 100);
      const whitelist = count > 0 ? [at % seqLen] : [];
      const tier = importanceTier([randomLayer(seqLen, seed)], count, { split: 'half-recent', whitelist });
      for (let head = 0; head < 2; head++) {
        assert.equal(tier.countKept(0, head), count);
        for (const position of whitelist) assert.ok(tier.has(0, head, position));
        const recent = Math.min(Math.floor(count / 2), count - whitelist.length);
        for (let position = seqLen - recent; position < seqLen; position++) assert.ok(tier.has(0, head, position));
      }
    }),
  );
});

test('any policy can choose the tier, with its own protection', () => {
  const tier = importanceTier([randomLayer(20, 1)], 6, { policy: parsePolicy('streaming-llm') });
  assert.deepEqual([...tier.positions(0, 0)], [0, 1, 2, 3, 18, 19]);
});

test('layers with a sliding window are left alone', () => {
  const tier = importanceTier([randomLayer(20, 1), { ...randomLayer(20, 2), window: 8 }], 5);
  assert.deepEqual(tier.compressedLayers, [0]);
  assert.deepEqual([tier.countKept(0, 0), tier.countKept(1, 0)], [5, 20]);
});

test('a whitelist larger than the tier is refused, as is a ratio outside [0, 1]', () => {
  assert.throws(
    () => importanceTier([randomLayer(20, 1)], 2, { whitelist: [1, 2, 3] }),
    (thrown) => thrown instanceof HoldfastError && thrown.message.includes('needs 3 of 2'),
  );
  assert.throws(() => importanceCount(20, 1.1), RangeError);
  assert.equal(importanceCount(182, 0.2), 36);
});
