import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheBytes } from '../../src/cache/bytes.ts';
import { compress } from '../../src/cache/compress.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import { streamingLlm } from '../../src/cache/policies/streamingLlm.ts';
import { keepRates, retention } from '../../src/cache/retention.ts';
import { randomLayer } from '../support/layers.ts';

/** Two layers of two heads over six positions. */
function example(): KeptSet {
  const kept = new KeptSet(2, 2, 6);
  const rows = [
    [0, 1, 2],
    [0, 3, 5],
    [0, 1, 4],
    [3, 4, 5],
  ];
  rows.forEach((positions, row) => positions.forEach((position) => kept.add(row >> 1, row & 1, position)));
  return kept;
}

test('retention is the kept share of the entries, with the worst layer and the worst head', () => {
  assert.deepEqual(retention(example(), [0, 1]), { mean: 5 / 8, minLayer: 2 / 4, minHead: 0 });
  assert.deepEqual(retention(example(), Int32Array.of(4)), { mean: 2 / 4, minLayer: 0, minHead: 0 });
  assert.deepEqual(retention(KeptSet.full(2, 2, 6), [1, 5]), { mean: 1, minLayer: 1, minHead: 1 });
});

test('a position named twice counts once', () => {
  assert.deepEqual(retention(example(), [0, 0, 4]), retention(example(), [0, 4]));
});

test('retention of no positions, or of one outside the prefix, is refused rather than reported as a number', () => {
  assert.throws(() => retention(example(), []), RangeError);
  assert.throws(() => retention(example(), [6]), RangeError);
});

test('keep rates are means over layers and KV heads', () => {
  assert.deepEqual([...keepRates(example())], [3 / 4, 2 / 4, 1 / 4, 2 / 4, 2 / 4, 2 / 4]);
});

test('StreamingLLM takes the earlier of two instructions first, in the closed form of the Pitfalls paper', () => {
  // 5 header tokens, 95 of the defense, 59 of the directive, one end-of-turn token.
  const layer = randomLayer(160, 1);
  const span = (start: number, end: number) => Array.from({ length: end - start }, (_, index) => start + index);
  const shares = (ratio: number) => {
    const { kept } = compress([layer], streamingLlm.with(), ratio);
    return [retention(kept, span(5, 100)).mean, retention(kept, span(100, 159)).mean].map((value) => value.toFixed(2));
  };
  assert.deepEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6].map(shares), [
    ['0.84', '1.00'],
    ['0.67', '1.00'],
    ['0.51', '1.00'],
    ['0.34', '1.00'],
    ['0.17', '1.00'],
    ['0.00', '1.00'],
  ]);
  assert.deepEqual(
    [0.7, 0.8, 0.9].map((ratio) => shares(ratio)[1]),
    ['0.73', '0.44', '0.17'],
  );
});

test('an entry takes its key and its value in fp16', () => {
  // One token of SmolLM2-135M: 30 layers x 3 KV heads x 64 channels x (key and value) x 2 bytes.
  assert.equal(cacheBytes(30 * 3, 64), 23_040);
});
