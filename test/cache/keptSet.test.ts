import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeptSet } from '../../src/cache/keptSet.ts';

test('positions, counts and bits agree with what was added', () => {
  const entries = fc.integer({ min: 1, max: 30 }).chain((seqLen) =>
    fc.record({
      seqLen: fc.constant(seqLen),
      rows: fc.array(fc.uniqueArray(fc.nat(seqLen - 1)), { minLength: 6, maxLength: 6 }),
    }),
  );
  fc.assert(
    fc.property(entries, ({ seqLen, rows }) => {
      const kept = new KeptSet(3, 2, seqLen);
      rows.forEach((positions, row) => {
        for (const position of positions) kept.add(row >> 1, row & 1, position);
      });
      rows.forEach((positions, row) => {
        assert.deepEqual(
          [...kept.positions(row >> 1, row & 1)],
          [...positions].sort((a, b) => a - b),
        );
        assert.equal(kept.countKept(row >> 1, row & 1), positions.length);
      });
      assert.equal(kept.countKept(), rows.flat().length);
      assert.deepEqual(KeptSet.fromBitmap(3, 2, seqLen, kept.bits), kept);
    }),
  );
});

test('position j is bit j & 7 of byte j >> 3 of its row', () => {
  const kept = new KeptSet(1, 2, 10);
  kept.add(0, 1, 9);
  kept.add(0, 1, 0);
  assert.deepEqual([...kept.bits], [0, 0, 1, 2]);
});

test('a full set keeps each position and no bit beyond', () => {
  for (const seqLen of [1, 7, 8, 9]) {
    const full = KeptSet.full(2, 2, seqLen);
    assert.equal(full.countKept(), 4 * seqLen);
    assert.equal(full.positions(1, 1).at(-1), seqLen - 1);
    assert.deepEqual(KeptSet.fromBitmap(2, 2, seqLen, full.bits), full);
  }
});

test('a bitmap of another size, or with bits after the last position, is refused', () => {
  assert.throws(() => KeptSet.fromBitmap(1, 1, 9, new Uint8Array(1)), RangeError);
  assert.throws(() => KeptSet.fromBitmap(1, 1, 9, Uint8Array.of(0, 2)), RangeError);
});

test('a set from a bitmap does not change with the bytes it came from', () => {
  const bytes = Uint8Array.of(1);
  const kept = KeptSet.fromBitmap(1, 1, 8, bytes);
  bytes[0] = 0;
  assert.equal(kept.has(0, 0, 0), true);
});
