import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  inverseFrequencies,
  longRopeMagnitude,
  yarnMagnitude,
  type Rope,
  type RopeScaling,
} from '../../../src/runtime/graph/rope.ts';

const rope = (scaling: RopeScaling): Rope => ({ theta: 10_000, dimensions: 64, scaling });
const plain = inverseFrequencies(rope({ type: 'none' }));
/** By how much each frequency is divided. */
const ratios = (scaling: RopeScaling, long?: boolean): number[] =>
  [...inverseFrequencies(rope(scaling), long)].map((frequency, j) => plain[j]! / frequency);

describe('rotary frequencies', () => {
  test('fall from 1 by a constant factor', () => {
    assert.equal(plain.length, 32);
    assert.equal(plain[0], 1);
    for (const [j, frequency] of plain.entries()) assert.ok(Math.abs(frequency - 10_000 ** (-j / 32)) < 1e-7);
  });

  test('cover the rotated channels only', () => {
    const partial = inverseFrequencies({ theta: 10_000, dimensions: 16, scaling: { type: 'none' } });
    assert.equal(partial.length, 8);
    assert.ok(Math.abs(partial[4]! - 10_000 ** (-8 / 16)) < 1e-7);
  });

  test('linear scaling divides all of them', () => {
    for (const ratio of ratios({ type: 'linear', factor: 4 })) assert.ok(Math.abs(ratio - 4) < 1e-5);
  });

  for (const [name, scaling] of [
    ['llama3', { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 64 }],
    [
      'yarn',
      { type: 'yarn', factor: 8, originalLength: 64, betaFast: 32, betaSlow: 1, truncate: true, magnitude: 1.2 },
    ],
  ] as const) {
    test(`${name} scaling keeps the fast ones, divides the slow ones, and blends without a jump`, () => {
      const scaled = ratios(scaling);
      assert.ok(Math.abs(scaled[0]! - 1) < 1e-5);
      assert.ok(Math.abs(scaled.at(-1)! - 8) < 1e-4);
      for (const [j, ratio] of scaled.slice(1).entries())
        assert.ok(ratio >= scaled[j]! - 1e-5, 'the ratio never falls');
      assert.ok(scaled.some((ratio) => ratio > 1.01 && ratio < 7.9));
    });
  }

  test('LongRoPE has one list of divisors for short and one for long sequences', () => {
    const scaling: RopeScaling = {
      type: 'longrope',
      shortDivisors: new Float32Array(32).fill(2),
      longDivisors: new Float32Array(32).fill(5),
      originalLength: 64,
      magnitude: 1.1,
    };
    for (const ratio of ratios(scaling)) assert.ok(Math.abs(ratio - 2) < 1e-5);
    for (const ratio of ratios(scaling, true)) assert.ok(Math.abs(ratio - 5) < 1e-5);
  });

  test('divisors of a GGUF file are applied one by one', () => {
    const divisors = new Float32Array(32).fill(1);
    divisors[31] = 8;
    const scaled = inverseFrequencies(rope({ type: 'divisors', divisors }));
    assert.equal(scaled[0], plain[0]);
    assert.ok(Math.abs(scaled[31]! - plain[31]! / 8) < 1e-10);
  });

  test('magnitudes are those of the papers, and 1 without an extension', () => {
    assert.equal(yarnMagnitude(1), 1);
    assert.ok(Math.abs(yarnMagnitude(16) - (0.1 * Math.log(16) + 1)) < 1e-12);
    assert.equal(longRopeMagnitude(1, 4096), 1);
    assert.ok(Math.abs(longRopeMagnitude(32, 4096) - Math.sqrt(1 + Math.log(32) / Math.log(4096))) < 1e-12);
  });
});
