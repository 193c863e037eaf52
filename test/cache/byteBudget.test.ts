import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budgetBytes, parseByteBudget } from '../../src/cache/byteBudget.ts';
import { HoldfastError } from '../../src/errors.ts';

test('a budget is a share of the full cache, or a size', () => {
  assert.deepEqual(parseByteBudget('25%'), { kind: 'fraction', fraction: 0.25 });
  assert.deepEqual(parseByteBudget(' 12.5 % '), { kind: 'fraction', fraction: 0.125 });
  assert.deepEqual(parseByteBudget('100%'), { kind: 'fraction', fraction: 1 });
  for (const [text, bytes] of [
    ['12MB', 12_000_000],
    ['1.5 MiB', 1_572_864],
    ['512kb', 512_000],
    ['2KiB', 2_048],
    ['40000B', 40_000],
    ['.5GB', 500_000_000],
  ] as const)
    assert.deepEqual(parseByteBudget(text), { kind: 'absolute', bytes }, text);
});

test('anything else is refused with an example', () => {
  for (const text of ['', '25', '0%', '0MB', '-3%', '120%', '12 apples', 'MB', '1e3B', '12iB', '25%%']) {
    assert.throws(
      () => parseByteBudget(text),
      (thrown) => thrown instanceof HoldfastError && thrown.code === 'invalid-settings' && thrown.hint !== undefined,
      text,
    );
  }
});

test('a budget is whole bytes, and never more than the full cache', () => {
  assert.equal(budgetBytes(parseByteBudget('25%'), 4_000), 1_000);
  assert.equal(budgetBytes(parseByteBudget('29%'), 100), 29);
  assert.equal(budgetBytes(parseByteBudget('33.3%'), 100), 33);
  assert.equal(budgetBytes(parseByteBudget('3kB'), 4_000), 3_000);
  assert.equal(budgetBytes(parseByteBudget('1MB'), 4_000), 4_000);
});
