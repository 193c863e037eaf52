import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { dequantise, floatTypes } from '../../../src/runtime/weights/dequantise.ts';
import { tensorLayouts } from '../../../src/runtime/weights/tensorLayout.ts';

test('decodes one block of each simple type by its formula', () => {
  // d = 0.5, m = -3, then nibbles: element i = i & 15 in the low half, 15 - i in the high half.
  const d = [0x00, 0x38];
  const m = [0x00, 0xc2];
  const nibbles = Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4));
  const low = Array.from({ length: 16 }, (_, i) => i);
  const quants = [...low, ...low.map((q) => 15 - q)];
  const fifth = [0x01, 0x00, 0x00, 0x80]; // elements 0 and 31
  const fiveBit = quants.map((q, i) => (i === 0 || i === 31 ? q + 16 : q));
  const int8 = Array.from({ length: 32 }, (_, i) => (i - 16) * 8);

  const expectations: [Parameters<typeof dequantise>[0], number[], number[]][] = [
    ['Q4_0', [...d, ...nibbles], quants.map((q) => 0.5 * (q - 8))],
    ['Q4_1', [...d, ...m, ...nibbles], quants.map((q) => 0.5 * q - 3)],
    ['Q5_0', [...d, ...fifth, ...nibbles], fiveBit.map((q) => 0.5 * (q - 16))],
    ['Q5_1', [...d, ...m, ...fifth, ...nibbles], fiveBit.map((q) => 0.5 * q - 3)],
    ['Q8_0', [...d, ...int8.map((q) => q & 0xff)], int8.map((q) => 0.5 * q)],
  ];
  for (const [type, bytes, values] of expectations) {
    assert.deepEqual([...dequantise(type, Uint8Array.from(bytes), 32)], values, type);
  }
});

test('keeps bfloat16 bits, subnormals and infinities included', () => {
  const bits = [0x3f80, 0xc040, 0x0001, 0x7f80, 0xff80, 0x8000];
  const bytes = Uint8Array.from(bits.flatMap((value) => [value & 0xff, value >> 8]));
  const values = dequantise('BF16', bytes, bits.length);
  assert.deepEqual(
    [...new Uint32Array(values.buffer)],
    bits.map((value) => value * 0x10000),
  );
});

test('reads a view from its own byteOffset, for every type', () => {
  for (const type of floatTypes) {
    const { blockSize, blockBytes } = tensorLayouts[type];
    const bytes = Uint8Array.from({ length: 3 * blockBytes }, (_, i) => (i * 37 + 11) & 0x3f);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const expected = dequantise(type, bytes, 3 * blockSize);
    assert.ok(
      expected.some((value) => value !== 0),
      type,
    );
    assert.deepEqual(dequantise(type, shifted.subarray(3), 3 * blockSize), expected, type);
  }
});

test('does not alias its input', () => {
  const bytes = new Uint8Array(Float32Array.of(1, 2).buffer);
  const values = dequantise('F32', bytes, 2);
  bytes.fill(0);
  assert.deepEqual(values, Float32Array.of(1, 2));
});

test('refuses a byte count that does not fit the element count', () => {
  assert.throws(() => dequantise('Q8_0', new Uint8Array(34), 64), RangeError);
  assert.throws(() => dequantise('Q8_0', new Uint8Array(34), 31), RangeError);
  assert.throws(() => dequantise('F32', new Uint8Array(7), 2), RangeError);
});

test('refuses integer tensors as weights, with the readable types in the hint', () => {
  assert.throws(
    () => dequantise('I32', new Uint8Array(4), 1),
    (error) =>
      error instanceof HoldfastError &&
      error.code === 'unsupported-model' &&
      error.message.includes('I32') &&
      error.hint?.includes('Q4_K') === true,
  );
});
