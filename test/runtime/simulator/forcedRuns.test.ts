import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mixedReferenceBytes } from '../../../src/runtime/memory/estimate.ts';
import { fedTokens, forcedKey, forcedRuns, type ForcedTurn } from '../../../src/runtime/simulator/forcedRuns.ts';

const turn = (suffix: number, target: number, seed = 0): ForcedTurn => ({
  suffix: Int32Array.from({ length: suffix }, (_, i) => i + seed),
  target: Int32Array.from({ length: target }, (_, i) => i + seed),
});
const runs = (rows: readonly ForcedTurn[], tokenRowsPerRun: number, vocabSize = 1000): number[][] => [
  ...forcedRuns(rows, { tokenRowsPerRun }, vocabSize),
];

describe('runs that force answers', () => {
  test('hold as many rows as fit, and one that is longer than a run alone', () => {
    const rows = Array.from({ length: 9 }, () => turn(10, 16));
    assert.deepEqual(
      runs(rows, 100).map((run) => run.length),
      [4, 4, 1],
    );
    assert.deepEqual(runs([turn(300, 24), turn(300, 24)], 100), [[0], [1]]);
  });

  test('every row is in one run, and rows of like length share one', () => {
    const rows = [turn(40, 16), turn(10, 16, 1), turn(41, 16), turn(11, 16, 2), turn(9, 3), turn(38, 2)];
    const all = runs(rows, 120);
    assert.deepEqual(all.flat().toSorted(), [...rows.keys()]);
    for (const run of all) {
      const widest = Math.max(...run.map((row) => fedTokens(rows[row]!)));
      assert.ok(run.length === 1 || widest * run.length <= 120, `${run.join()}: ${widest * run.length} tokens`);
    }
    assert.ok(
      all.some((run) => run.includes(1) && run.includes(3)),
      'those of 25 and 26 tokens',
    );
  });

  test('over several answers carry a bounded amount of probabilities; over one answer no bound is needed', () => {
    const vocabSize = mixedReferenceBytes / 4 / 40;
    const different = Array.from({ length: 6 }, (_, seed) => turn(10, 16, seed));
    assert.deepEqual(
      runs(different, 1000, vocabSize).map((run) => run.length),
      [2, 2, 2],
    );
    const same = Array.from({ length: 6 }, () => turn(10, 16));
    assert.deepEqual(
      runs(same, 1000, vocabSize).map((run) => run.length),
      [6],
    );
    assert.equal(new Set(different.map(forcedKey)).size, 6);
  });
});
