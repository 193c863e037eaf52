import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { contrastInterval, wilson } from '../../../src/analyzer/evidence/passRate.ts';

const passRates = fc
  .integer({ min: 1, max: 64 })
  .chain((samples) => fc.record({ passed: fc.integer({ min: 0, max: samples }), samples: fc.constant(samples) }));

describe('intervals of pass rates', () => {
  test("are Wilson's: values of the published tables", () => {
    // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    for (const [passed, samples, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const) {
      const interval = wilson({ passed, samples });
      assert.ok(Math.abs(interval.low - low) < 5e-4 && Math.abs(interval.high - high) < 5e-4, JSON.stringify(interval));
    }
  });

  test("of a difference are Newcombe's", () => {
    // Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, method 10.
    for (const [a, m, b, n, low, high] of [
      [56, 70, 48, 80, 0.0524, 0.3339],
      [9, 10, 3, 10, 0.1705, 0.809],
      [10, 10, 0, 10, 0.6075, 1],
    ] as const) {
      const interval = contrastInterval([
        [1, { passed: a, samples: m }],
        [-1, { passed: b, samples: n }],
      ]);
      assert.ok(Math.abs(interval.low - low) < 5e-4 && Math.abs(interval.high - high) < 5e-4, JSON.stringify(interval));
    }
  });

  test('hold the rate, stay within 0..1, and shrink with more samples of the same rate', () => {
    fc.assert(
      fc.property(passRates, (passRate) => {
        const { low, high } = wilson(passRate);
        const share = passRate.passed / passRate.samples;
        const more = wilson({ passed: passRate.passed * 4, samples: passRate.samples * 4 });
        assert.ok(low >= 0 && low <= share + 1e-12 && share <= high + 1e-12 && high <= 1);
        assert.ok(more.high - more.low < high - low);
      }),
    );
  });
});
