import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { packedRuns } from '../../../src/runtime/simulator/packedRuns.ts';

/** Runs of at most `capacity` padded tokens. */
const pack = (lengths: readonly number[], capacity = 512): (readonly [number, number])[] =>
  packedRuns(lengths, (from, to) => (to - from) * lengths[to - 1]! <= capacity);

describe('rows of ascending length', () => {
  test('are all run, in order, each once', () => {
    const lengths = Array.from({ length: 40 }, (_, i) => 3 + Math.floor(i * 1.7));
    const runs = pack(lengths);
    assert.equal(runs[0]![0], 0);
    assert.equal(runs.at(-1)![1], lengths.length);
    for (const [i, [from, to]] of runs.entries()) {
      assert.ok(to > from);
      if (i > 0) assert.equal(from, runs[i - 1]![1]);
      assert.ok((to - from) * lengths[to - 1]! <= 512);
    }
  });

  test('share a run where padding costs less than starting another', () => {
    assert.deepEqual(pack([10, 11, 12]), [[0, 3]]);
  });

  test('are parted from one that is much longer', () => {
    assert.deepEqual(pack([10, 10, 10, 10, 40]), [
      [0, 4],
      [4, 5],
    ]);
  });

  test('fill runs evenly rather than leaving a remainder that starts one of its own', () => {
    assert.equal(pack(Array.from({ length: 33 }, () => 31)).length, 3);
  });

  test('run alone where nothing fits', () => {
    assert.deepEqual(pack([600, 700]), [
      [0, 1],
      [1, 2],
    ]);
    assert.deepEqual(pack([]), []);
  });
});
