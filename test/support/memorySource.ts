import { tensorLayouts } from '../../src/runtime/weights/tensorLayout.ts';
import {
  elementCount,
  rowBytes,
  type TensorInfo,
  type TensorType,
  type WeightSource,
} from '../../src/runtime/weights/weightSource.ts';

export interface StoredTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A weight source over bytes in memory. `largestRead` is the most that was asked for at once. */
export function memorySource(stored: Readonly<Record<string, StoredTensor>>): WeightSource & { largestRead: number } {
  const tensors = new Map<string, TensorInfo>(
    Object.entries(stored).map(([name, { type, shape, bytes }]) => [
      name,
      { name, type, shape, byteLength: bytes.length },
    ]),
  );
  const source = {
    format: 'gguf' as const,
    path: 'memory.gguf',
    tensors,
    largestRead: 0,
    readRaw(name: string): Uint8Array {
      source.largestRead = Math.max(source.largestRead, stored[name]!.bytes.length);
      return stored[name]!.bytes.slice();
    },
    readRowsInto(target: Uint8Array, name: string, firstRow: number): void {
      source.largestRead = Math.max(source.largestRead, target.length);
      const start = firstRow * rowBytes(tensors.get(name)!);
      target.set(stored[name]!.bytes.subarray(start, start + target.length));
    },
    close: () => undefined,
  };
  return source;
}

/** Byte offsets of the half floats of a block: random bits there must not be infinite, NaN or huge. */
const halfOffsets: Readonly<Partial<Record<TensorType, readonly number[]>>> = {
  F16: [0],
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
  IQ4_NL: [0],
  IQ4_XS: [0],
};

/** A tensor of pseudo-random blocks with finite weights; of either sign where the type has one. */
export function randomTensor(type: TensorType, shape: readonly number[], seed = 1): StoredTensor {
  const { blockSize, blockBytes } = tensorLayouts[type];
  const blocks = elementCount(shape) / blockSize;
  let state = seed;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  if (type === 'F32') {
    const values = Float32Array.from({ length: blocks }, () => random() - 0.5);
    return { type, shape, bytes: new Uint8Array(values.buffer) };
  }
  const bytes = Uint8Array.from({ length: blocks * blockBytes }, () => random() * 256);
  for (let at = 0; at < bytes.length; at += blockBytes) {
    for (const half of halfOffsets[type] ?? []) bytes[at + half + 1] = (bytes[at + half + 1]! & 0x83) | 0x28; // 0.03 to 0.5
    if (type === 'BF16') bytes[at + 1] = (bytes[at + 1]! & 0x80) | 0x3d;
  }
  return { type, shape, bytes };
}
