import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dequantiseGroups, quantisedBits, quantiseGroups } from '../../../src/cache/mikv/groupQuantiser.ts';
import { rootMeanSquare } from '../../support/caches.ts';
import { noise } from '../../support/layers.ts';

const cases = {
  seed: fc.nat(1e6),
  bits: fc.constantFrom(...quantisedBits),
  groupSize: fc.constantFrom(8, 32, 64),
  // Below, the step of 8 bits becomes a subnormal half, whose rounding adds up over 255 steps.
  scale: fc.double({ min: 0.1, max: 1e3, noNaN: true }),
};

test('codes are the nearest points of the grid that is stored, by hand', () => {
  const { codes, alpha, beta } = quantiseGroups(Float32Array.of(-1, -0.5, 1.5, 2, 5, 5, 5, 5), 4, 2);
  assert.deepEqual([...alpha], [1, 2 ** -24]);
  assert.deepEqual([...beta], [-1, 5]);
  assert.deepEqual([...codes], [0, 0, 2, 3, 0, 0, 0, 0]); // 0.5 and 2.5 steps above -1 round to the even 0 and 2
});

test('no element is off by more than half a step and the rounding of the lowest point', () => {
  fc.assert(
    fc.property(fc.record(cases), ({ seed, bits, groupSize, scale }) => {
      const values = noise(4 * groupSize, seed).map((value) => value * scale);
      const quantised = quantiseGroups(values, groupSize, bits);
      for (const [index, value] of dequantiseGroups(quantised).entries()) {
        const group = Math.floor(index / groupSize);
        const bound = quantised.alpha[group]! / 2 + Math.abs(quantised.beta[group]!) * 2 ** -11;
        assert.ok(Math.abs(value - values[index]!) <= bound * (1 + 1e-5));
      }
    }),
  );
});

test('what was read back is stored without further loss', () => {
  fc.assert(
    fc.property(fc.record(cases), ({ seed, bits, groupSize, scale }) => {
      const once = quantiseGroups(
        noise(4 * groupSize, seed).map((value) => value * scale),
        groupSize,
        bits,
      );
      const twice = quantiseGroups(dequantiseGroups(once), groupSize, bits);
      assert.deepEqual(twice.codes, once.codes);
      assert.deepEqual(twice.beta, once.beta);
    }),
  );
});

test('more bits, less error', () => {
  const values = noise(4_096, 2);
  const errors = quantisedBits.map((bits) =>
    rootMeanSquare(dequantiseGroups(quantiseGroups(values, 32, bits)), values),
  );
  assert.deepEqual(
    errors,
    [...errors].sort((a, b) => b - a),
  );
  assert.ok(errors[3]! > 0 && errors[0]! > 10 * errors[3]!);
});

test('groups at the limits of fp16 stay on a finite grid', () => {
  const { alpha, beta, codes } = quantiseGroups(Float32Array.of(-70_000, 70_000, 0, 0, 1e-9, 0, 0, 0), 4, 4);
  assert.deepEqual([...beta], [-65_504, 0]);
  assert.ok(Number.isFinite(alpha[0]!));
  assert.equal(alpha[1], 2 ** -24);
  assert.deepEqual([...codes.subarray(0, 2)], [0, 15]);
});
