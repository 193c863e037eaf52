/** Builds GGUF bytes for tests, including wrong ones: nothing is checked. */

export interface RawTensor {
  readonly name: string;
  readonly ne: readonly (number | bigint)[];
  readonly type: number;
  readonly offset: number;
}

export interface RawGguf {
  readonly version?: number;
  readonly tensorCount?: bigint;
  readonly keyCount?: bigint;
  readonly metadata?: readonly (readonly [key: string, typedValue: Buffer])[];
  readonly tensors?: readonly RawTensor[];
  readonly data?: Buffer;
  readonly alignment?: number;
}

export function writeGguf(gguf: RawGguf): Buffer {
  const { version = 3, metadata = [], tensors = [], data = Buffer.alloc(0), alignment = 32 } = gguf;
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(gguf.tensorCount ?? tensors.length),
    u64(gguf.keyCount ?? metadata.length),
    ...metadata.flatMap(([key, value]) => [text(key), value]),
    ...tensors.flatMap(({ name, ne, type, offset }) => [
      text(name),
      u32(ne.length),
      ...ne.map(u64),
      u32(type),
      u64(offset),
    ]),
  ]);
  const padding = Buffer.alloc((alignment - (head.length % alignment)) % alignment);
  return Buffer.concat([head, padding, data]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

export function text(value: string): Buffer {
  return Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
}

/** Metadata values with their type number in front. */
export const typed = {
  uint32: (value: number) => Buffer.concat([u32(4), u32(value)]),
  float32: (value: number) => Buffer.concat([u32(6), Buffer.from(Float32Array.of(value).buffer)]),
  uint64: (value: bigint) => Buffer.concat([u32(10), u64(value)]),
  bool: (value: boolean) => Buffer.concat([u32(7), Buffer.of(value ? 1 : 0)]),
  string: (value: string) => Buffer.concat([u32(8), text(value)]),
  strings: (values: readonly string[]) => Buffer.concat([u32(9), u32(8), u64(values.length), ...values.map(text)]),
  int32s: (values: ArrayLike<number>) =>
    Buffer.concat([u32(9), u32(5), u64(values.length), Buffer.from(Int32Array.from(values).buffer)]),
  uint32s: (values: readonly number[]) => Buffer.concat([u32(9), u32(4), u64(values.length), ...values.map(u32)]),
};
