import { readHalf } from './halfFloat.ts';
import { checkedSourceRow, type SourceRow } from './ropePermutation.ts';
import type { TensorInfo } from './weightSource.ts';

/** Weights per block of the types read here. */
export const QUANT_BLOCK = 32;

/** A 4-bit matrix in the layout of ONNX Runtime's MatMulNBits: w = scale * q + min, or scale * (q - 8) without minima. */
export interface Quant4Matrix {
  readonly rows: number; // N, outputs
  readonly cols: number; // K, inputs
  readonly blocks: number; // K / 32
  /** Element 2i of a block in the low and 2i+1 in the high nibble of byte i. */
  readonly quants: Uint8Array; // [N, K/32, 16]
  readonly scales: Float32Array; // [N, K/32]
  readonly mins: Float32Array | null; // [N, K/32]; null for Q4_0, whose zero point is 8
}

/** An 8-bit matrix: w = scale * (q - 128). */
export interface Quant8Matrix {
  readonly rows: number; // N
  readonly cols: number; // K
  readonly blocks: number; // K / 32
  readonly quants: Uint8Array; // [N, K]
  readonly scales: Float32Array; // [N, K/32]
}

const inOrder: SourceRow = (row) => row;

/**
 * Repacks a Q4_0 or Q4_1 matrix; every weight stays bit-exact.
 * @param raw the stored bytes, as `WeightSource.readRaw` gives them.
 * @param sourceRow row of the result -> stored row.
 */
export function unpackQuant4(info: TensorInfo, raw: Uint8Array, sourceRow: SourceRow = inOrder): Quant4Matrix {
  if (info.type !== 'Q4_0' && info.type !== 'Q4_1')
    throw new TypeError(`${info.name} is ${info.type}, not Q4_0 or Q4_1`);
  const { rows, cols, blocks } = matrixSize(info);
  const header = info.type === 'Q4_1' ? 4 : 2; // bytes of d, and of m
  const blockBytes = header + 16;
  checkLength(info, raw, rows * blocks * blockBytes);

  const quants = new Uint8Array(rows * blocks * 16);
  const scales = new Float32Array(rows * blocks);
  const mins = info.type === 'Q4_1' ? new Float32Array(rows * blocks) : null;
  for (let row = 0, block = 0; row < rows; row++) {
    let at = checkedSourceRow(sourceRow, row, rows) * blocks * blockBytes;
    for (let b = 0; b < blocks; b++, block++, at += blockBytes) {
      scales[block] = readHalf(raw, at);
      if (mins !== null) mins[block] = readHalf(raw, at + 2);
      const from = at + header;
      const to = block * 16;
      // Stored: elements 0-15 in the low nibbles, 16-31 in the high ones. Wanted: neighbours in one byte.
      for (let i = 0; i < 8; i++) {
        const even = raw[from + 2 * i]!;
        const odd = raw[from + 2 * i + 1]!;
        quants[to + i] = (even & 15) | ((odd & 15) << 4);
        quants[to + 8 + i] = (even >> 4) | (odd & 0xf0);
      }
    }
  }
  return { rows, cols, blocks, quants, scales, mins };
}

/**
 * Repacks a Q8_0 matrix; every weight stays bit-exact.
 * @param raw the stored bytes, as `WeightSource.readRaw` gives them.
 * @param sourceRow row of the result -> stored row.
 */
export function unpackQuant8(info: TensorInfo, raw: Uint8Array, sourceRow: SourceRow = inOrder): Quant8Matrix {
  if (info.type !== 'Q8_0') throw new TypeError(`${info.name} is ${info.type}, not Q8_0`);
  const { rows, cols, blocks } = matrixSize(info);
  const blockBytes = 34;
  checkLength(info, raw, rows * blocks * blockBytes);

  const quants = new Uint8Array(rows * cols);
  const scales = new Float32Array(rows * blocks);
  for (let row = 0, block = 0; row < rows; row++) {
    let at = checkedSourceRow(sourceRow, row, rows) * blocks * blockBytes;
    for (let b = 0; b < blocks; b++, block++, at += blockBytes) {
      scales[block] = readHalf(raw, at);
      const to = block * QUANT_BLOCK;
      for (let i = 0; i < QUANT_BLOCK; i++) quants[to + i] = raw[at + 2 + i]! ^ 128; // int8 q -> q + 128
    }
  }
  return { rows, cols, blocks, quants, scales };
}

function matrixSize(info: TensorInfo): { rows: number; cols: number; blocks: number } {
  const [rows, cols] = info.shape;
  if (info.shape.length !== 2 || rows === undefined || cols === undefined || cols % QUANT_BLOCK !== 0) {
    throw new RangeError(
      `${info.name} [${info.shape.join(', ')}] is not a matrix with columns in blocks of ${QUANT_BLOCK}`,
    );
  }
  return { rows, cols, blocks: cols / QUANT_BLOCK };
}

function checkLength(info: TensorInfo, raw: Uint8Array, expected: number): void {
  if (raw.length !== expected) throw new RangeError(`${info.name}: ${raw.length} bytes instead of ${expected}`);
}
