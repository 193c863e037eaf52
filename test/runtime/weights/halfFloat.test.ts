import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeHalf, halfValues, readHalf } from '../../../src/runtime/weights/halfFloat.ts';

test('decodes the landmarks of binary16', () => {
  const landmarks: [bits: number, value: number][] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24], // smallest subnormal
    [0x03ff, 1023 * 2 ** -24], // largest subnormal
    [0x8001, -(2 ** -24)],
    [0x0400, 2 ** -14], // smallest normal
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0x3c01, 1 + 2 ** -10],
    [0xc000, -2],
    [0x7bff, 65504], // largest finite
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
    [0xfc01, NaN],
  ];
  for (const [bits, value] of landmarks) assert.ok(Object.is(decodeHalf(bits), value), `0x${bits.toString(16)}`);
});

test('the table grows strictly over the finite positive bits, so no two of them are mixed up', () => {
  for (let bits = 1; bits <= 0x7c00; bits++) assert.ok(halfValues[bits]! > halfValues[bits - 1]!);
  for (let bits = 0; bits <= 0x7c00; bits++) assert.ok(Object.is(halfValues[bits | 0x8000], -halfValues[bits]!));
});

test('reads little-endian from any offset', () => {
  assert.equal(readHalf(Uint8Array.of(0xff, 0x00, 0x3c), 1), 1);
});
