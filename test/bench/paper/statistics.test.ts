import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bootstrap } from '../../../bench/paper/bootstrap.ts';
import { meanOf, slope, spearman, variance } from '../../../bench/paper/statistics.ts';

const near = (found: number | null, wanted: number) =>
  assert.ok(found !== null && Math.abs(found - wanted) < 1e-12, `${found}, not ${wanted}`);

describe('a mean with its standard error', () => {
  test('of booleans is sqrt(p (1 - p) / (n - 1))', () => {
    const { n, mean, sem } = meanOf([true, true, true, false])!;
    assert.deepEqual([n, mean], [4, 0.75]);
    near(sem, Math.sqrt((0.75 * 0.25) / 3));
  });

  test('of one measurement has no standard error, and of none is not a number', () => {
    assert.deepEqual(meanOf([0.5]), { n: 1, mean: 0.5, sem: null });
    assert.equal(meanOf([]), null);
    assert.equal(variance([3]), null);
  });
});

describe('Spearman', () => {
  test('sees the order and not the distances', () => {
    near(spearman([1, 2, 3, 4], [1, 10, 100, 1000]), 1);
    near(spearman([1, 2, 3, 4], [4, 3, 2, 1]), -1);
  });

  test('gives ties their mean rank', () => {
    // Pearson's correlation of the ranks, computed apart.
    near(spearman([1, 2, 2, 3], [1, 3, 2, 4]), 0.9486832980505138);
    near(spearman([0.2, 0.5, 0.5, 0.9, 0.1], [0.3, 0.3, 0.1, 0.6, 0.1]), 0.6488856845230502);
  });

  test('is not defined where one side is all the same', () => {
    assert.equal(spearman([1, 2, 3], [5, 5, 5]), null);
    assert.equal(spearman([1], [1]), null);
    assert.throws(() => spearman([1, 2], [1]), RangeError);
  });
});

test('a slope is that of least squares, and none where nothing varies', () => {
  near(slope([0, 0.5, 1], [1, 0.5, 0]), -1);
  near(slope([0, 1, 2], [0, 1, 1]), 0.5);
  assert.equal(slope([1, 1], [0, 5]), null);
});

describe('the bootstrap', () => {
  const values = Array.from({ length: 40 }, (_, i) => i % 4);
  const mean = (units: readonly number[]) => meanOf(units)?.mean ?? null;

  test('gives an interval of about two standard errors, the same every time', () => {
    const estimate = bootstrap(values, mean)!;
    const sem = meanOf(values)!.sem!;
    assert.equal(estimate.value, 1.5);
    assert.ok(Math.abs(estimate.low - (1.5 - 2 * sem)) < sem / 2, `${estimate.low}`);
    assert.ok(Math.abs(estimate.high - (1.5 + 2 * sem)) < sem / 2, `${estimate.high}`);
    assert.deepEqual(bootstrap(values, mean), estimate);
  });

  test('gives nothing for a statistic that most resamples lack', () => {
    // Defined only where every unit was drawn.
    assert.equal(
      bootstrap(values.slice(0, 4), (units) => (new Set(units).size === 4 ? 1 : null)),
      null,
    );
    assert.equal(bootstrap([], mean), null);
  });
});
