import { HoldfastError } from '../../errors.ts';
import { blockForms, blockValues, expandBlocks } from './blockForm.ts';
import { halfValues } from './halfFloat.ts';
import { tensorLayouts } from './tensorLayout.ts';
import type { TensorType } from './weightSource.ts';

type ElementDecoder = (bytes: Uint8Array, count: number, out: Float32Array) => void;

const floatDecoders: Readonly<Partial<Record<TensorType, ElementDecoder>>> = {
  F32: copyFloat32,
  F16: decodeFloat16,
  BF16: decodeBfloat16,
};

/** Types that `dequantise` decodes. */
export const floatTypes: readonly TensorType[] = [
  ...Object.keys(floatDecoders),
  ...Object.keys(blockForms),
] as TensorType[];

/**
 * Stored values as float32, equal to ggml's dequantisation bit for bit.
 * @param bytes whole blocks; a view is read from its own `byteOffset`.
 * @param count elements; a whole number of blocks.
 * @throws HoldfastError `unsupported-model` for types that hold no weights; RangeError when `bytes` and `count` disagree.
 */
export function dequantise(type: TensorType, bytes: Uint8Array, count: number): Float32Array {
  const decode = floatDecoders[type];
  const form = blockForms[type];
  if (decode === undefined && form === undefined) {
    throw new HoldfastError(
      'unsupported-model',
      `Tensors of type ${type} cannot be read as weights.`,
      `Use a model whose weights are stored as one of ${floatTypes.join(', ')}.`,
    );
  }
  const { blockSize, blockBytes } = tensorLayouts[type];
  const blocks = count / blockSize;
  if (!Number.isInteger(blocks) || bytes.length !== blocks * blockBytes) {
    throw new RangeError(`${bytes.length} bytes are not ${count} elements of ${type}`);
  }
  const out = new Float32Array(count);
  decode?.(bytes, count, out);
  if (form !== undefined) {
    const values = blockValues(form, count);
    form.decode(bytes, blocks, values);
    expandBlocks(form.blockSize, values, out);
  }
  return out;
}

// Files are little-endian, and so is every platform with an onnxruntime-node build: bits are copied as they are.

function copyFloat32(bytes: Uint8Array, _count: number, out: Float32Array): void {
  new Uint8Array(out.buffer).set(bytes);
}

function decodeFloat16(bytes: Uint8Array, count: number, out: Float32Array): void {
  for (let i = 0; i < count; i++) out[i] = halfValues[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!;
}

function decodeBfloat16(bytes: Uint8Array, count: number, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < count; i++) bits[i] = (bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24);
}
