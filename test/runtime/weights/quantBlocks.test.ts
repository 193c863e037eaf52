import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dequantise } from '../../../src/runtime/weights/dequantise.ts';
import { unpackQuant4, unpackQuant8, type Quant4Matrix } from '../../../src/runtime/weights/quantBlocks.ts';
import { permuteRows, unpermuteRow } from '../../../src/runtime/weights/ropePermutation.ts';
import { tensorLayouts } from '../../../src/runtime/weights/tensorLayout.ts';
import type { TensorInfo } from '../../../src/runtime/weights/weightSource.ts';

const ROWS = 8;
const COLS = 96;

/** Pseudo-random blocks whose half floats are finite (exponent bits below 0x7c). */
function randomMatrix(type: 'Q4_0' | 'Q4_1' | 'Q8_0'): { info: TensorInfo; raw: Uint8Array } {
  const { blockBytes } = tensorLayouts[type];
  const blocks = (ROWS * COLS) / 32;
  let state = 12345;
  const raw = Uint8Array.from(
    { length: blocks * blockBytes },
    () => (state = (state * 1103515245 + 12345) >>> 0) >>> 24,
  );
  for (let block = 0; block < blocks; block++) {
    raw[block * blockBytes + 1]! &= 0x3b;
    if (type === 'Q4_1') raw[block * blockBytes + 3]! &= 0xbb;
  }
  return { info: { name: 'w', type, shape: [ROWS, COLS], byteLength: raw.length }, raw };
}

/** What MatMulNBits makes of the matrix: element 2i from the low nibble of byte i. */
function rebuild4({ rows, cols, quants, scales, mins }: Quant4Matrix): Float32Array {
  return Float32Array.from({ length: rows * cols }, (_, index) => {
    const block = Math.floor(index / 32);
    const byte = quants[index >> 1]!;
    const q = index % 2 === 0 ? byte & 15 : byte >> 4;
    return mins === null ? scales[block]! * (q - 8) : scales[block]! * q + mins[block]!;
  });
}

for (const type of ['Q4_0', 'Q4_1'] as const) {
  test(`repacked ${type} holds the dequantised weights bit for bit`, () => {
    const { info, raw } = randomMatrix(type);
    const matrix = unpackQuant4(info, raw);
    assert.equal(matrix.quants.length, ROWS * matrix.blocks * 16);
    assert.equal(matrix.blocks, 3);
    assert.equal(matrix.mins === null, type === 'Q4_0');
    assert.deepEqual(rebuild4(matrix), dequantise(type, raw, ROWS * COLS));
  });

  test(`repacked ${type} with a row permutation equals permuted dequantised rows, from a view too`, () => {
    const { info, raw } = randomMatrix(type);
    const shifted = new Uint8Array(raw.length + 5);
    shifted.set(raw, 5);
    const matrix = unpackQuant4(info, shifted.subarray(5), unpermuteRow(4));
    const expected = permuteRows(dequantise(type, raw, ROWS * COLS), ROWS, COLS, unpermuteRow(4));
    assert.deepEqual(rebuild4(matrix), expected);
  });
}

test('repacked Q8_0 is q + 128 with the same scales, permuted like its rows', () => {
  const { info, raw } = randomMatrix('Q8_0');
  const { quants, scales, blocks } = unpackQuant8(info, raw, unpermuteRow(8));
  assert.equal(scales.length, ROWS * blocks);
  const rebuilt = Float32Array.from(quants, (q, index) => scales[Math.floor(index / 32)]! * (q - 128));
  assert.deepEqual(rebuilt, permuteRows(dequantise('Q8_0', raw, ROWS * COLS), ROWS, COLS, unpermuteRow(8)));
});

test('refuses other types, shapes, lengths and rows outside the matrix', () => {
  const { info, raw } = randomMatrix('Q4_1');
  assert.throws(() => unpackQuant4({ ...info, type: 'Q8_0' }, raw), /w is Q8_0, not Q4_0 or Q4_1/);
  assert.throws(() => unpackQuant8(info, raw), /w is Q4_1, not Q8_0/);
  assert.throws(() => unpackQuant4({ ...info, shape: [ROWS * COLS] }, raw), /not a matrix/);
  assert.throws(() => unpackQuant4(info, raw.subarray(20)), /bytes instead of/);
  assert.throws(() => unpackQuant4(info, raw, (row) => row + 1), /row 7 of 8 would come from row 8/);
});
