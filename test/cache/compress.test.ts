import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compress } from '../../src/cache/compress.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import type { LayerObservation } from '../../src/cache/layerObservation.ts';
import { parsePolicy, policyIds } from '../../src/cache/policies/index.ts';
import { keptCount } from '../../src/cache/selection.ts';
import { HoldfastError } from '../../src/errors.ts';
import { randomLayer } from '../support/layers.ts';
import { budget } from '../support/policyCases.ts';

const layersOf = (seqLen: number, seed: number): LayerObservation[] => [
  randomLayer(seqLen, seed),
  randomLayer(seqLen, seed + 9),
];
const cells = {
  id: fc.constantFrom(...policyIds),
  seqLen: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat(1e6),
  ratio: fc.double({ min: 0, max: 0.95, noNaN: true }),
};

/** Calls `check` with each row of a kept set. */
function eachRow(kept: KeptSet, check: (positions: Int32Array, layer: number, head: number) => void): void {
  for (let layer = 0; layer < kept.layers; layer++)
    for (let head = 0; head < kept.kvHeads; head++) check(kept.positions(layer, head), layer, head);
}

test('every layer and KV head keeps exactly the budget, in ascending positions of the prefix', () => {
  fc.assert(
    fc.property(fc.record(cells), ({ id, seqLen, seed, ratio }) => {
      const { kept, keptTokens, bytes, fullBytes } = compress(layersOf(seqLen, seed), parsePolicy(id), ratio);
      assert.equal(keptTokens, keptCount(seqLen, ratio).keptTokens);
      eachRow(kept, (positions) => {
        assert.equal(positions.length, keptTokens);
        assert.deepEqual(
          [...positions],
          [...new Set(positions)].sort((a, b) => a - b),
        );
        assert.ok(positions[0]! >= 0 && positions.at(-1)! < seqLen);
      });
      assert.deepEqual([bytes, fullBytes], [2 * 2 * keptTokens * 4 * 2 * 2, 2 * 2 * seqLen * 4 * 2 * 2]);
    }),
  );
});

test('ratio 0 keeps every entry without asking the policy', () => {
  fc.assert(
    fc.property(fc.record(cells), ({ id, seqLen, seed }) => {
      const unasked = { ...parsePolicy(id), score: () => assert.fail('scored') };
      const { kept, bytes, fullBytes, notes } = compress(layersOf(seqLen, seed), unasked, 0);
      assert.deepEqual(kept, KeptSet.full(2, 2, seqLen));
      assert.equal(bytes, fullBytes);
      assert.deepEqual(notes, []);
    }),
  );
});

test('no evicted entry outranks a kept one: higher score, or equal score at a lower position', () => {
  fc.assert(
    fc.property(fc.record(cells), ({ id, seqLen, seed, ratio }) => {
      const policy = parsePolicy(id);
      const layers = layersOf(seqLen, seed);
      const { kept, keptTokens } = compress(layers, policy, ratio);
      const { sinks, window } = policy.protect?.(seqLen) ?? { sinks: [], window: [] };
      const guarded = new Set([...sinks, ...window]);
      const scores = layers.map((layer) => policy.score(layer, budget(keptTokens)));
      eachRow(kept, (_, layer, head) => {
        const score = (position: number) => scores[layer]![head * seqLen + position]!;
        for (let out = 0; out < seqLen; out++) {
          if (guarded.has(out) || kept.has(layer, head, out)) continue;
          for (let position = 0; position < seqLen; position++) {
            if (guarded.has(position) || !kept.has(layer, head, position)) continue;
            assert.ok(score(position) > score(out) || (score(position) === score(out) && position < out));
          }
        }
      });
    }),
  );
});

test('protected positions are kept whenever the budget is larger than them', () => {
  fc.assert(
    fc.property(fc.record(cells), ({ id, seqLen, seed, ratio }) => {
      const { sinks, window } = parsePolicy(id).protect?.(seqLen) ?? { sinks: [], window: [] };
      fc.pre(sinks.length + window.length <= keptCount(seqLen, ratio).keptTokens);
      const { kept } = compress(layersOf(seqLen, seed), parsePolicy(id), ratio);
      for (const position of [...sinks, ...window])
        eachRow(kept, (_, layer, head) => assert.ok(kept.has(layer, head, position)));
    }),
  );
});

test('a larger ratio keeps a subset of what a smaller one keeps', () => {
  fc.assert(
    fc.property(fc.record({ ...cells, other: cells.ratio }), ({ id, seqLen, seed, ratio, other }) => {
      const layers = layersOf(seqLen, seed);
      const more = compress(layers, parsePolicy(id), Math.min(ratio, other)).kept;
      eachRow(compress(layers, parsePolicy(id), Math.max(ratio, other)).kept, (positions, layer, head) => {
        for (const position of positions) assert.ok(more.has(layer, head, position));
      });
    }),
  );
});

test('prompts of one to four tokens compress to one entry at 0.9, with a note that the budget was raised', () => {
  for (const id of policyIds) {
    for (const seqLen of [1, 2, 3, 4]) {
      const { kept, keptTokens, notes } = compress(layersOf(seqLen, 5), parsePolicy(id), 0.9);
      assert.equal(keptTokens, 1);
      assert.equal(kept.countKept(), 4);
      assert.ok(notes.includes(`Budget raised to one entry: ratio 0.9 leaves none of ${seqLen}.`), notes.join());
    }
  }
});

test('StreamingLLM keeps four sinks and the most recent tokens, or the lowest sinks where the budget ends there', () => {
  const keep = (ratio: number) => compress(layersOf(20, 1), parsePolicy('streaming-llm'), ratio);
  assert.deepEqual([...keep(0.5).kept.positions(1, 1)], [0, 1, 2, 3, 14, 15, 16, 17, 18, 19]);
  assert.deepEqual(keep(0.5).notes, []);
  assert.deepEqual([...keep(0.9).kept.positions(0, 1)], [0]);
  assert.match(keep(0.9).notes.join(), /^Protection exceeds the budget of 1: /);
});

test('SnapKV keeps the most recent of its window where the window fills the budget, and says that no score decided', () => {
  const { kept, notes } = compress(layersOf(24, 1), parsePolicy('snapkv'), 0.5);
  eachRow(kept, (positions) =>
    assert.deepEqual(
      [...positions],
      Array.from({ length: 12 }, (_, index) => 12 + index),
    ),
  );
  assert.match(notes.join(), /^Protection exceeds the budget of 12: positions protected by SnapKV fill it/);
  const reference = compress(layersOf(24, 1), parsePolicy('snapkv'), 0.5, { overflow: 'lowest-position' });
  assert.deepEqual([...reference.kept.positions(0, 0)].slice(0, 2), [8, 9]);
});

test('SnapKV keeps nothing before a window that is as large as its budget, and something as soon as it is smaller', () => {
  const before = (ratio: number) => {
    const { kept } = compress(layersOf(96, 1), parsePolicy('snapkv(window=64)'), ratio);
    const counts: number[] = [];
    eachRow(kept, (positions) => counts.push([...positions].filter((position) => position < 96 - 64).length));
    return new Set(counts);
  };
  assert.deepEqual(before(0.5), new Set([0])); // 48 entries, a window of 64
  assert.deepEqual(before(1 / 3), new Set([0])); // 64 entries
  assert.deepEqual(before(0.25), new Set([8])); // 72 entries
});

test('a window larger than the system turn is a note, not a failure', () => {
  const { notes } = compress(layersOf(10, 1), parsePolicy('snapkv'), 0.25);
  assert.match(notes[0] ?? '', /SnapKV observed the last 9 instead of 16 tokens/);
});

test('whitelisted positions are kept within the same budget', () => {
  const layers = layersOf(30, 4);
  for (const id of policyIds) {
    const { kept, keptTokens } = compress(layers, parsePolicy(id), 0.75, { whitelist: [7, 8, 9] });
    eachRow(kept, (positions) => {
      assert.equal(positions.length, keptTokens);
      for (const position of [7, 8, 9]) assert.ok(positions.includes(position));
    });
  }
});

test('a score that is not finite fails with the policy, layer and head', () => {
  const [good, bad] = layersOf(8, 1) as [LayerObservation, LayerObservation];
  const keys = bad.keys.slice();
  keys[8 * 4 + 2 * 4] = Number.NaN; // KV head 1, position 2
  assert.throws(
    () => compress([good, { ...bad, keys }], parsePolicy('knorm'), 0.5),
    (error) =>
      error instanceof HoldfastError && error.message === 'K-Norm, layer 1, KV head 1: the score of position 2 is NaN.',
  );
});
