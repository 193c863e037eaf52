import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { describeLimit, limitBytes, parseMemoryLimit } from '../../../src/runtime/memory/memoryLimit.ts';

const memory = { available: 10e9, total: 16e9 };

test('a limit is a share of what is free, or an amount in megabytes or gigabytes', () => {
  for (const [text, bytes] of [
    ['60%', 6e9],
    ['100 %', 10e9],
    ['4GB', 4e9],
    ['1.5 gb', 1.5e9],
    ['800MB', 8e8],
  ] as const) {
    assert.equal(limitBytes(parseMemoryLimit(text), memory), bytes, text);
  }
});

for (const text of ['', '4', '4TB', '0%', '101%', '-3GB', '4GB please', '1e3MB', '0.001GB', '4MB']) {
  test(`"${text}" is refused with the forms that are understood`, () => {
    assert.throws(
      () => parseMemoryLimit(text),
      (error) =>
        error instanceof HoldfastError && error.code === 'invalid-settings' && /60%.*4GB/u.test(error.hint ?? ''),
    );
  });
}

test('a limit is told with what it is a share of', () => {
  assert.equal(describeLimit(parseMemoryLimit('60%'), memory), '6.0 GB (60 % of 10.0 GB that are free)');
  assert.equal(describeLimit(parseMemoryLimit('800MB'), memory), '800 MB (10.0 GB are free)');
});
