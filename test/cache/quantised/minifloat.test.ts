import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundToHalf } from '../../../src/cache/quantised/float16.ts';
import { roundToFloat8 } from '../../../src/cache/quantised/float8.ts';
import { float8E4m3, float8E5m2, roundHalfAway } from '../../../src/cache/quantised/minifloat.ts';
import { roundHalfEven } from '../../../src/cache/roundHalfEven.ts';
import { decodeHalf } from '../../../src/runtime/weights/halfFloat.ts';

const nextFloat = (value: number): number => {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0]! += 1;
  return new Float32Array(bits.buffer)[0]!;
};

const previousFloat = (value: number): number => {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0]! -= 1;
  return new Float32Array(bits.buffer)[0]!;
};

test('every half is its own rounding, and what lies between two goes to the nearer, a tie to the even one', () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const low = decodeHalf(bits);
    const high = decodeHalf(bits + 1);
    const middle = (low + high) / 2;
    const even = bits % 2 === 0 ? low : high;
    const rounded = [low, -high, middle, -middle, nextFloat(middle), previousFloat(middle)].map(roundToHalf);
    assert.deepEqual(rounded, [low, -high, even, -even, high, low], `between ${low} and ${high}`);
  }
});

test('beyond the largest half, rounding overflows from the middle of the next step on', () => {
  assert.deepEqual([65_519.99, 65_520, -65_520, Infinity].map(roundToHalf), [65_504, Infinity, -Infinity, Infinity]);
  assert.ok(Number.isNaN(roundToHalf(NaN)));
});

/** Every positive number of a format, ascending, by its definition. */
function numbersOf(mantissaBits: number, minExponent: number, max: number): number[] {
  const numbers: number[] = [];
  for (let exponent = minExponent; 2 ** exponent <= max; exponent++) {
    for (let mantissa = 0; mantissa < 2 ** mantissaBits; mantissa++) {
      if (exponent === minExponent) numbers.push(mantissa * 2 ** (minExponent - mantissaBits));
      numbers.push((1 + mantissa / 2 ** mantissaBits) * 2 ** exponent);
    }
  }
  return [...new Set(numbers)].filter((number) => number <= max).sort((a, b) => a - b);
}

test('8-bit floats round to the nearest number of the format, a tie to the even one, and saturate', () => {
  for (const [format, mantissaBits, minExponent, count] of [
    [float8E4m3, 3, -6, 127],
    [float8E5m2, 2, -14, 124],
  ] as const) {
    const numbers = numbersOf(mantissaBits, minExponent, format.max);
    assert.equal(numbers.length, count);
    for (const [index, low] of numbers.slice(0, -1).entries()) {
      const high = numbers[index + 1]!;
      const middle = (low + high) / 2;
      const even = index % 2 === 0 ? low : high;
      const rounded = [low, -high, middle, nextFloat(middle)].map((value) => roundToFloat8(value, format));
      assert.deepEqual(rounded, [low, -high, even, high]);
    }
    assert.deepEqual(
      [1e6, -1e6].map((value) => roundToFloat8(value, format)),
      [format.max, -format.max],
    );
  }
});

test('integers round half to even, or half away from zero', () => {
  const halves = [0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994];
  assert.deepEqual(
    halves.map((value) => roundHalfEven(value) + 0),
    [0, 2, 2, 0, -2, 0],
  );
  assert.deepEqual(
    halves.map((value) => roundHalfAway(value) + 0),
    [1, 2, 3, -1, -2, 0],
  );
});
