import type { TensorType } from './weightSource.ts';

/** Elements per block and bytes per block; plain element types are blocks of one. */
export interface TensorLayout {
  readonly blockSize: number;
  readonly blockBytes: number;
}

const element = (bytes: number): TensorLayout => ({ blockSize: 1, blockBytes: bytes });

/** Block structures of ggml (`ggml-common.h`); the comments give the fields in file order. */
export const tensorLayouts: Readonly<Record<TensorType, TensorLayout>> = {
  F32: element(4),
  F16: element(2),
  BF16: element(2),
  Q4_0: { blockSize: 32, blockBytes: 18 }, // d f16, 16 bytes of nibbles
  Q4_1: { blockSize: 32, blockBytes: 20 }, // d f16, m f16, 16 bytes of nibbles
  Q5_0: { blockSize: 32, blockBytes: 22 }, // d f16, fifth bits u32, 16 bytes of nibbles
  Q5_1: { blockSize: 32, blockBytes: 24 }, // d f16, m f16, fifth bits u32, 16 bytes of nibbles
  Q8_0: { blockSize: 32, blockBytes: 34 }, // d f16, 32 int8
  Q2_K: { blockSize: 256, blockBytes: 84 }, // 16 scale bytes, 64 bytes of 2-bit, d f16, dmin f16
  Q3_K: { blockSize: 256, blockBytes: 110 }, // 32 high-bit bytes, 64 bytes of 2-bit, 12 scale bytes, d f16
  Q4_K: { blockSize: 256, blockBytes: 144 }, // d f16, dmin f16, 12 scale bytes, 128 bytes of nibbles
  Q5_K: { blockSize: 256, blockBytes: 176 }, // d f16, dmin f16, 12 scale bytes, 32 high-bit bytes, 128 bytes of nibbles
  Q6_K: { blockSize: 256, blockBytes: 210 }, // 128 bytes of nibbles, 64 bytes of 2-bit, 16 int8 scales, d f16
  IQ4_NL: { blockSize: 32, blockBytes: 18 }, // d f16, 16 bytes of code nibbles
  IQ4_XS: { blockSize: 256, blockBytes: 136 }, // d f16, scale high bits u16, 4 scale bytes, 128 bytes of code nibbles
  BOOL: element(1),
  I8: element(1),
  U8: element(1),
  I16: element(2),
  U16: element(2),
  I32: element(4),
  U32: element(4),
  I64: element(8),
  U64: element(8),
  F64: element(8),
};
