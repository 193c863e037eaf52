import { dequantise } from './dequantise.ts';
import { tensorLayouts } from './tensorLayout.ts';

/** How a tensor's elements are stored. Names as in GGUF and safetensors; block sizes are in `tensorLayout.ts`. */
export type TensorType =
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'Q4_0'
  | 'Q4_1'
  | 'Q5_0'
  | 'Q5_1'
  | 'Q8_0'
  | 'Q2_K'
  | 'Q3_K'
  | 'Q4_K'
  | 'Q5_K'
  | 'Q6_K'
  | 'IQ4_NL'
  | 'IQ4_XS'
  // Stored beside the weights by some models (position ids, masks); they can be listed and read raw, not as floats.
  | 'BOOL'
  | 'I8'
  | 'U8'
  | 'I16'
  | 'U16'
  | 'I32'
  | 'U32'
  | 'I64'
  | 'U64'
  | 'F64';

export interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  /** Rows first, as in numpy: a linear layer is [out, in]; the last dimension is contiguous in the file. */
  readonly shape: readonly number[];
  /** Bytes in the file. */
  readonly byteLength: number;
}

/** The tensors of one model, read on demand from disk. Owns file descriptors: close it. */
export interface WeightSource {
  readonly format: 'gguf' | 'safetensors';
  /** The file, any part of a split one, or the folder of a sharded model. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * The stored bytes of one tensor, freshly allocated, `byteLength` long.
   * @throws HoldfastError `model-format` when there is no such tensor or the file has become shorter.
   */
  readRaw(name: string): Uint8Array;
  /**
   * Fills `target`, a whole number of rows (`rowBytes`) long, with stored rows from `firstRow` on.
   * @throws as `readRaw`; RangeError for rows that the tensor does not have.
   */
  readRowsInto(target: Uint8Array, name: string, firstRow: number): void;
  close(): void;
}

/**
 * One tensor as float32, row-major in `shape`, exactly as stored (rows are not permuted).
 * @throws HoldfastError `model-format` as `readRaw`, `unsupported-model` for integer tensors.
 */
export function readFloat32(source: WeightSource, name: string): Float32Array {
  const raw = source.readRaw(name);
  const info = source.tensors.get(name)!; // readRaw refuses unknown names
  return dequantise(info.type, raw, elementCount(info.shape));
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Stored bytes of one row, the contiguous last dimension. */
export function rowBytes({ type, shape }: TensorInfo): number {
  const { blockSize, blockBytes } = tensorLayouts[type];
  return ((shape.at(-1) ?? 1) / blockSize) * blockBytes;
}
