import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keptCount, planSelection, select, selectTop } from '../../src/cache/selection.ts';
import { HoldfastError } from '../../src/errors.ts';

const origin = 'a test row';

/** Few distinct values, so that ties are common. */
const scoreRows = fc.oneof(
  fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 80 }),
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 80 }),
);

/** The definition: sort by score, lower position first among equals, take n. */
function sortedTop(scores: ArrayLike<number>, n: number, candidates: readonly number[]): number[] {
  return [...candidates]
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, n)
    .sort((a, b) => a - b);
}

const range = (end: number): number[] => Array.from({ length: end }, (_, index) => index);

test('the kept count is the literal truncation of a double product, and at least one', () => {
  const table: [number, number, number][] = [
    [10, 0.9, 0],
    [5, 0.8, 0],
    [10, 0.8, 1],
    [100, 0.8, 19],
    [100, 0.9, 9],
    [1000, 0.8, 199],
    [1000, 0.9, 99],
    [23, 0.4, 13],
    [121, 0, 121],
    [1, 0.9, 0],
  ];
  for (const [seqLen, ratio, reference] of table) {
    const expected = { keptTokens: Math.max(1, reference), clamped: reference === 0 };
    assert.deepEqual(keptCount(seqLen, ratio), expected, `S=${seqLen}, ratio ${ratio}`);
  }
});

test('the kept count refuses ratios outside [0, 1) and empty caches', () => {
  for (const ratio of [-0.1, 1, 1.5, Number.NaN]) assert.throws(() => keptCount(10, ratio), RangeError);
  for (const seqLen of [0, -1, 2.5]) assert.throws(() => keptCount(seqLen, 0.5), RangeError);
});

test('the top n equal a full sort in which the lower position wins ties', () => {
  fc.assert(
    fc.property(scoreRows, fc.nat(), (values, cut) => {
      const scores = Float32Array.from(values);
      const n = cut % (scores.length + 1);
      assert.deepEqual([...selectTop(scores, n, origin)], sortedTop(scores, n, range(scores.length)));
    }),
    { numRuns: 500 },
  );
});

test('among equal scores the first positions stay', () => {
  assert.deepEqual([...selectTop(new Float32Array(10).fill(0.5), 4, origin)], [0, 1, 2, 3]);
  assert.deepEqual([...selectTop(Float32Array.of(0, -0, 1, 0), 3, origin)], [0, 1, 2]);
});

test('sorted and organ-pipe rows are selected like any other', () => {
  for (const shape of [
    (i: number) => i,
    (i: number) => -i,
    (i: number) => Math.min(i, 999 - i),
    (i: number) => i & 1,
  ]) {
    const scores = Float32Array.from({ length: 1000 }, (_, index) => shape(index));
    for (const n of [1, 499, 500, 999]) {
      assert.deepEqual([...selectTop(scores, n, origin)], sortedTop(scores, n, range(1000)));
    }
  }
});

test('a row that is a view into a larger buffer selects from its own elements', () => {
  const buffer = Float32Array.of(9, 9, 9, 1, 5, 3, 9, 9);
  assert.deepEqual([...selectTop(buffer.subarray(3, 6), 2, origin)], [1, 2]);
  assert.deepEqual([...buffer], [9, 9, 9, 1, 5, 3, 9, 9], 'the scores are not reordered');
});

test('a score that is not finite is an error that names the row and position', () => {
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    assert.throws(
      () => selectTop(Float32Array.of(1, 2, bad, 3), 1, 'SnapKV, layer 7, KV head 2'),
      (error) =>
        error instanceof HoldfastError &&
        error.code === 'engine-failed' &&
        error.message === `SnapKV, layer 7, KV head 2: the score of position 2 is ${bad}.`,
    );
  }
});

test('more entries than there are cannot be kept', () => {
  assert.throws(() => selectTop(Float32Array.of(1, 2), 3, origin), RangeError);
});

const protections = fc.integer({ min: 2, max: 60 }).chain((seqLen) =>
  fc.record({
    seqLen: fc.constant(seqLen),
    keptTokens: fc.integer({ min: 1, max: seqLen }),
    sinks: fc.uniqueArray(fc.nat(seqLen - 1), { maxLength: 6 }),
    window: fc.uniqueArray(fc.nat(seqLen - 1), { maxLength: 20 }),
    scores: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: seqLen, maxLength: seqLen }),
  }),
);

test('protected positions are all kept where the budget is larger, and the best of the rest fill it', () => {
  fc.assert(
    fc.property(protections, ({ seqLen, keptTokens, sinks, window, scores }) => {
      const guarded = new Set([...sinks, ...window]);
      fc.pre(guarded.size < keptTokens);
      const plan = planSelection(seqLen, keptTokens, { sinks, window });
      const kept = [...select(Float32Array.from(scores), plan, origin)];
      const others = range(seqLen).filter((position) => !guarded.has(position));
      const expected = [...guarded, ...sortedTop(scores, keptTokens - guarded.size, others)].sort((a, b) => a - b);
      assert.deepEqual(kept, expected);
      assert.equal(plan.protectionExceedsBudget, false);
    }),
  );
});

test('a protected block that fills the budget keeps sinks in order, then the most recent of the window', () => {
  const protection = { sinks: [0, 1, 2, 3], window: [14, 15, 16, 17, 18, 19] };
  const keep = (keptTokens: number) => {
    const plan = planSelection(20, keptTokens, protection);
    assert.equal(plan.protectionExceedsBudget, true);
    return [...select(new Float32Array(20).fill(Number.NaN), plan, origin)];
  };
  assert.deepEqual(keep(2), [0, 1]);
  assert.deepEqual(keep(6), [0, 1, 2, 3, 18, 19]);
  assert.deepEqual(keep(10), [0, 1, 2, 3, 14, 15, 16, 17, 18, 19]);
});

test('the reference rule keeps the lowest positions of a protected block that fills the budget', () => {
  const plan = planSelection(20, 3, { sinks: [], window: [14, 15, 16, 17, 18, 19] }, 'lowest-position');
  assert.deepEqual([...select(new Float32Array(20), plan, origin)], [14, 15, 16]);
});

test('a whitelist comes before sinks and window, and is refused when it alone is larger than the budget', () => {
  const protection = { whitelist: [9, 8], sinks: [0, 1], window: [18, 19] };
  const keep = (keptTokens: number) => [
    ...select(new Float32Array(20), planSelection(20, keptTokens, protection), origin),
  ];
  assert.deepEqual(keep(2), [8, 9]);
  assert.deepEqual(keep(5), [0, 1, 8, 9, 19]);
  assert.throws(
    () => planSelection(20, 1, protection),
    (error) => error instanceof HoldfastError && error.message === 'The whitelist needs 2 of 1 slots.',
  );
});

test('protecting a position outside the prefix is refused', () => {
  assert.throws(() => planSelection(10, 5, { sinks: [], window: [10] }), RangeError);
  assert.throws(() => planSelection(10, 5, { sinks: [-1], window: [] }), RangeError);
});

test('a smaller budget keeps a subset of what a larger one keeps', () => {
  fc.assert(
    fc.property(protections, fc.integer({ min: 1, max: 60 }), (cell, other) => {
      const { seqLen, keptTokens, sinks, window } = cell;
      const scores = Float32Array.from(cell.scores);
      const keep = (n: number) => select(scores, planSelection(seqLen, n, { sinks, window }), origin);
      const smaller = Math.min(keptTokens, other);
      const larger = new Set(keep(keptTokens));
      for (const position of keep(smaller)) assert.ok(larger.has(position), `position ${position}`);
    }),
  );
});
