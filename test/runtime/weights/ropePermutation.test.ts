import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { permuteRows, unpermuteRow } from '../../../src/runtime/weights/ropePermutation.ts';

test('takes the even rows of a head first, then the odd ones', () => {
  const sourceRow = unpermuteRow(6);
  const sources = Array.from({ length: 12 }, (_, row) => sourceRow(row));
  assert.deepEqual(sources, [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
});

test('is a bijection that stays inside each head and inverts the interleaving', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 12 }), (half, heads) => {
      const headDim = 2 * half;
      const sourceRow = unpermuteRow(headDim);
      const seen = new Set<number>();
      for (let head = 0; head < heads; head++) {
        for (let j = 0; j < half; j++) {
          for (const a of [0, 1]) {
            const source = sourceRow(head * headDim + a * half + j);
            assert.equal(source, head * headDim + 2 * j + a);
            seen.add(source);
          }
        }
      }
      assert.equal(seen.size, heads * headDim);
    }),
  );
});

test('moves whole rows and leaves its input alone', () => {
  const values = Float32Array.of(0, 0, 10, 10, 20, 20, 30, 30);
  const before = values.slice();
  assert.deepEqual(permuteRows(values, 4, 2, unpermuteRow(4)), Float32Array.of(0, 0, 20, 20, 10, 10, 30, 30));
  assert.deepEqual(values, before);
});

test('refuses odd head sizes and rows that do not exist', () => {
  assert.throws(() => unpermuteRow(7), /head size 7/);
  assert.throws(() => permuteRows(new Float32Array(4), 2, 2, (row) => row + 1), /row 1 of 2 would come from row 2/);
  assert.throws(() => permuteRows(new Float32Array(5), 2, 2, (row) => row), /5 values are not 2 x 2/);
});
