import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetBytes, packNibbles, type Nibble } from '../../../src/runtime/graph/nibbles.ts';

/** Every 8-bit integer, in an order in which neighbours in a word differ. */
const integers = Int8Array.from({ length: 256 }, (_, i) => i * 37);

function nibblesOf(nibble: Nibble): number[] {
  return [...packNibbles(integers, nibble)].flatMap((byte) => [byte & 15, byte >> 4]);
}

test('a low nibble is the integer, or the integer plus 8', () => {
  for (const [i, v] of integers.entries()) {
    if (v >= 0 && v < 16) assert.equal(nibblesOf('low')[i], v);
    if (v >= -8 && v < 8) assert.equal(nibblesOf('low-signed')[i], v + 8);
  }
});

test('high and low nibbles together are the integer, whatever the neighbours in memory are', () => {
  const [high, low, highSigned, lowSigned] = (['high', 'low', 'high-signed', 'low-signed'] as const).map(nibblesOf);
  for (const [i, v] of integers.entries()) {
    assert.equal(16 * (high![i]! - 8) + low![i]!, v);
    if (v <= 119) assert.equal(16 * (highSigned![i]! - 8) + (lowSigned![i]! - 8), v);
  }
});

test('bytes are the integers plus 128', () => {
  assert.deepEqual(
    [...offsetBytes(integers)],
    [...integers].map((v) => v + 128),
  );
});
