/** Byte counts against caches that are really packed: codes and metadata in one buffer, from which attention could read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countBytes } from '../../src/cache/bytes.ts';
import { compress } from '../../src/cache/compress.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import { channelBalancer } from '../../src/cache/mikv/balancer.ts';
import { quantiseGroups } from '../../src/cache/mikv/groupQuantiser.ts';
import { mikvCache } from '../../src/cache/mikv/mikvCache.ts';
import { importanceBits, retainedBits, tierNames } from '../../src/cache/mikv/mikvSettings.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { roundToHalf } from '../../src/cache/quantised/float16.ts';
import { parseCacheFormat, uniformFormats } from '../../src/cache/quantised/index.ts';
import { formatBytes, quantiseCache, type CacheLayer } from '../../src/cache/quantised/quantisedCache.ts';
import { decodeHalf } from '../../src/runtime/weights/halfFloat.ts';
import { noiseLayer } from '../support/caches.ts';
import { noise, randomLayer } from '../support/layers.ts';

const f = Math.fround;

/** A buffer that grows bit by bit, lowest bit first; tensors begin at whole bytes. */
class Packer {
  readonly bytes: number[] = [];
  #free = 0;

  code(code: number, bits: number): void {
    for (let bit = 0; bit < bits; bit++) {
      if (this.#free === 0) {
        this.bytes.push(0);
        this.#free = 8;
      }
      this.bytes[this.bytes.length - 1]! |= ((code >> bit) & 1) << (8 - this.#free);
      this.#free--;
    }
  }

  half(value: number): void {
    assert.equal(roundToHalf(value), value, 'what is stored in 16 bits is a half');
    const magnitude = Math.abs(value);
    const bits = halves.get(magnitude);
    assert.ok(bits !== undefined);
    const sign = value < 0 ? 0x8000 : 0;
    this.align();
    this.bytes.push((bits | sign) & 0xff, (bits | sign) >> 8);
  }

  float(value: number): void {
    assert.equal(f(value), value, 'what is stored in 32 bits is a float');
    this.align();
    this.bytes.push(...new Uint8Array(Float32Array.of(value).buffer));
  }

  align(): void {
    this.#free = 0;
  }

  reader(): Unpacker {
    return new Unpacker(Uint8Array.from(this.bytes));
  }
}

class Unpacker {
  #bit = 0;

  constructor(readonly bytes: Uint8Array) {}

  code(bits: number): number {
    let code = 0;
    for (let bit = 0; bit < bits; bit++, this.#bit++)
      code |= ((this.bytes[this.#bit >> 3]! >> (this.#bit & 7)) & 1) << bit;
    return code;
  }

  half(): number {
    this.align();
    return decodeHalf(this.code(16));
  }

  float(): number {
    this.align();
    return new Float32Array(Uint8Array.from({ length: 4 }, () => this.code(8)).buffer)[0]!;
  }

  align(): void {
    this.#bit = Math.ceil(this.#bit / 8) * 8;
  }
}

/** Bits of each positive half, by its value. */
const halves = new Map(Array.from({ length: 0x7c00 }, (_, bits) => [decodeHalf(bits), bits]));

/** Elements that share metadata, as indices of one tensor. */
interface Group {
  readonly tensor: 'keys' | 'values';
  readonly indices: readonly number[];
  readonly bits: number;
  readonly storage: 'half' | 'float';
  /** What is stored beside the codes, from the exact elements and those that are read. */
  readonly metadata: (exact: readonly number[], read: readonly number[]) => readonly number[];
  /** An element from its code and the metadata. */
  readonly read: (code: number, metadata: readonly number[]) => number;
}

type Layout = (layer: CacheLayer) => { readonly groups: readonly Group[]; readonly exact: readonly Element[] };
interface Element {
  readonly tensor: 'keys' | 'values';
  readonly index: number;
}

const tensors = ['keys', 'values'] as const;
const range = (count: number, start = 0, stride = 1): number[] =>
  Array.from({ length: count }, (_, i) => start + i * stride);
const largest = (values: readonly number[]): number =>
  values.reduce((found, value) => (Math.abs(value) > Math.abs(found) ? value : found));
const [low, high] = [(v: readonly number[]) => Math.min(...v), (v: readonly number[]) => Math.max(...v)];

/** Consecutive runs of both tensors. */
const runs =
  (size: (layer: CacheLayer) => number, group: Omit<Group, 'tensor' | 'indices'>): Layout =>
  (layer) => ({
    groups: tensors.flatMap((tensor) =>
      range(layer[tensor].length / size(layer), 0, size(layer)).map((start) => ({
        tensor,
        indices: range(size(layer), start),
        ...group,
      })),
    ),
    exact: [],
  });

const blocks = (
  bits: number,
  metadata: Group['metadata'],
  read: Group['read'],
  storage: Group['storage'] = 'half',
): Layout => runs(() => 32, { bits, metadata, read, storage });

const signed = (code: number, bits: number): number => (code >= 2 ** (bits - 1) ? code - 2 ** bits : code);
const levels = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

const ggml: Record<string, Layout> = {
  q8_0: blocks(
    8,
    (exact) => [roundToHalf(f(Math.abs(largest(exact)) / 127))],
    (code, [d]) => signed(code, 8) * d!,
  ),
  q4_0: blocks(
    4,
    (exact) => [roundToHalf(f(largest(exact) / -8))],
    (code, [d]) => (code - 8) * d!,
  ),
  q5_0: blocks(
    5,
    (exact) => [roundToHalf(f(largest(exact) / -16))],
    (code, [d]) => (code - 16) * d!,
  ),
  q4_1: blocks(
    4,
    (exact) => [roundToHalf(f(f(high(exact) - low(exact)) / 15)), roundToHalf(low(exact))],
    (code, [d, m]) => f(f(code * d!) + m!),
  ),
  q5_1: blocks(
    5,
    (exact) => [roundToHalf(f(f(high(exact) - low(exact)) / 31)), roundToHalf(low(exact))],
    (code, [d, m]) => f(f(code * d!) + m!),
  ),
  // Its scale is fitted; the one that was found is the one on whose levels every element that is read lies.
  iq4_nl: blocks(
    4,
    (_, read) => {
      const scales = levels.map((level) => roundToHalf(largest(read) / level));
      return [scales.find((d) => read.every((value) => levels.some((level) => f(level * d) === value)))!];
    },
    (code, [d]) => f(levels[code]! * d!),
  ),
};

/** Asymmetric groups in half arithmetic, as KIVI and quanto compute. */
const halfAffine = (bits: number): Omit<Group, 'tensor' | 'indices'> => ({
  bits,
  storage: 'half',
  metadata(exact) {
    const rounded = exact.map(roundToHalf);
    return [roundToHalf(roundToHalf(high(rounded) - low(rounded)) / (2 ** bits - 1)), low(rounded)];
  },
  read: (code, [scale, offset]) => roundToHalf(roundToHalf(code * scale!) + offset!),
});

/** An affine group whose edge is exact; scale and bias are found from what is read. */
const mlx = (bits: number, size: number): Layout =>
  runs(() => size, {
    bits,
    storage: 'half',
    metadata(_, read) {
      for (const bias of [low(read), high(read), 0].filter((value) => roundToHalf(value) === value)) {
        const far = largest(read.map((value) => value - bias));
        for (let steps = 2 ** bits - 1; steps > 0; steps--) {
          const scale = roundToHalf(far / steps);
          const isOnGrid = (value: number): boolean =>
            f(f(scale * Math.round((value - bias) / scale)) + bias) === value;
          if (read.every(isOnGrid)) return [scale, bias];
        }
      }
      return assert.fail('no scale and bias give what is read');
    },
    read: (code, [scale, bias]) => f(f(scale! * code) + bias!),
  });

/** An 8-bit float by its bits: sign, exponent, mantissa. */
function float8(code: number, mantissaBits: number): number {
  const exponentBits = 7 - mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const exponent = (code >> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = (code & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  const magnitude = exponent === 0 ? mantissa * 2 ** (1 - bias) : (1 + mantissa) * 2 ** (exponent - bias);
  return code > 127 ? -magnitude : magnitude;
}

const fp8 = (size: (layer: CacheLayer) => number, mantissaBits: number, scale: (exact: readonly number[]) => number) =>
  runs(size, {
    bits: 8,
    storage: 'float',
    metadata: (exact) => [scale(exact.map(roundToHalf))],
    read: (code, [s]) => f(float8(code, mantissaBits) * s!),
  });
const wholeTensor = ({ keys }: CacheLayer): number => keys.length;
const wholeHead = ({ seqLen, headDim }: CacheLayer): number => seqLen * headDim;
const tokenRow = ({ headDim }: CacheLayer): number => headDim;
const magnitude = (values: readonly number[]): number => Math.abs(largest(values));

const kivi =
  (keyBits: number, valueBits: number, size: number, residual: number): Layout =>
  ({ kvHeads, seqLen, headDim }) => {
    const groups: Group[] = [];
    const exact: Element[] = [];
    const keys = seqLen - (seqLen % residual);
    const values = Math.max(0, seqLen - residual);
    for (let head = 0; head < kvHeads; head++) {
      const start = head * seqLen * headDim;
      for (let token = 0; token < keys; token += size)
        for (let channel = 0; channel < headDim; channel++)
          groups.push({
            tensor: 'keys',
            indices: range(size, start + token * headDim + channel, headDim),
            ...halfAffine(keyBits),
          });
      for (let at = 0; at < values * headDim; at += size)
        groups.push({ tensor: 'values', indices: range(size, start + at), ...halfAffine(valueBits) });
      for (const index of range((seqLen - keys) * headDim, start + keys * headDim))
        exact.push({ tensor: 'keys', index });
      for (const index of range((seqLen - values) * headDim, start + values * headDim))
        exact.push({ tensor: 'values', index });
    }
    return { groups, exact };
  };

/** How each format lies in memory. Rotations change elements and no size, so formats that rotate are packed without. */
const layouts: Record<string, Layout> = {
  fp16: (layer) => ({
    groups: [],
    exact: tensors.flatMap((tensor) => range(layer[tensor].length).map((index) => ({ tensor, index }))),
  }),
  ...Object.fromEntries(
    Object.entries(ggml).map(([type, layout]) => [`llamacpp(keys=${type},values=${type},rotation=false)`, layout]),
  ),
  'llamacpp(keys=q8_0,values=f16,rotation=false)': (layer) => ({
    groups: ggml.q8_0!(layer).groups.filter(({ tensor }) => tensor === 'keys'),
    exact: range(layer.values.length).map((index) => ({ tensor: 'values', index })),
  }),
  'vllm-fp8': fp8(wholeTensor, 3, () => 1),
  'vllm-fp8(type=fp8_e5m2)': fp8(wholeTensor, 2, () => 1),
  'vllm-fp8(scales=tensor)': fp8(wholeTensor, 3, (exact) => f(magnitude(exact) / 448)),
  'vllm-fp8(scales=head)': fp8(wholeHead, 3, (exact) => f(magnitude(exact) / 448)),
  'vllm-token-head(type=fp8_per_token_head)': fp8(tokenRow, 3, (exact) => f(magnitude(exact) / 448)),
  'vllm-token-head': runs(tokenRow, {
    bits: 8,
    storage: 'float',
    metadata: (exact) => [f(magnitude(exact.map(roundToHalf)) / 127)],
    read: (code, [scale]) => f(signed(code, 8) * scale!),
  }),
  'kivi(residualLength=32)': kivi(2, 2, 32, 32),
  'kivi(residualLength=32,keyBits=4,valueBits=2)': kivi(4, 2, 32, 32),
  kivi: kivi(2, 2, 32, 128),
  ...Object.fromEntries([2, 3, 4, 5, 6, 8].map((bits) => [`mlx(bits=${bits})`, mlx(bits, 64)])),
  'mlx(bits=4,groupSize=32)': mlx(4, 32),
};

function pack(layer: CacheLayer, stored: Pick<CacheLayer, 'keys' | 'values'>, layout: Layout): Packer {
  const { groups, exact } = layout(layer);
  const packer = new Packer();
  for (const { tensor, indices, bits, storage, metadata, read } of groups) {
    const readBack = indices.map((index) => stored[tensor][index]!);
    const beside = metadata(
      indices.map((index) => layer[tensor][index]!),
      readBack,
    );
    for (const value of beside) packer[storage](value);
    const codeOf = new Map(range(2 ** bits).map((code) => [read(code, beside) + 0, code]));
    packer.align();
    for (const value of readBack) {
      const code = codeOf.get(value + 0);
      assert.ok(code !== undefined, `${value} is no element of its group`);
      packer.code(code, bits);
    }
  }
  packer.align();
  for (const { tensor, index } of exact) packer.half(stored[tensor][index]!);
  return packer;
}

function unpack(layer: CacheLayer, layout: Layout, unpacker: Unpacker): Pick<CacheLayer, 'keys' | 'values'> {
  const { groups, exact } = layout(layer);
  const out = { keys: new Float32Array(layer.keys.length), values: new Float32Array(layer.values.length) };
  for (const { tensor, indices, bits, storage, metadata, read } of groups) {
    const count = metadata([1], [1]).length;
    const beside = range(count).map(() => unpacker[storage]());
    unpacker.align();
    for (const index of indices) out[tensor][index] = read(unpacker.code(bits), beside);
  }
  unpacker.align();
  for (const { tensor, index } of exact) out[tensor][index] = unpacker.half();
  return out;
}

for (const [name, layout] of Object.entries(layouts)) {
  test(`${name}: the counted bytes are those of a buffer from which attention reads the same elements`, () => {
    const format = parseCacheFormat(name);
    for (const [headDim, seqLen, seed] of [
      [64, 100, 1],
      [128, 33, 2],
    ] as const) {
      const layer = noiseLayer(seqLen, headDim, seed);
      const { keyValues, bytes } = quantiseCache([layer], format);
      const stored = { keys: keyValues.keys[0]!, values: keyValues.values[0]! };
      const packer = pack(layer, stored, layout);
      assert.equal(Uint8Array.from(packer.bytes).byteLength, countBytes(bytes, 'payload'));
      const read = unpack(layer, layout, packer.reader());
      for (const tensor of tensors)
        for (const [index, value] of stored[tensor].entries())
          assert.equal(read[tensor][index]! + 0, value + 0, tensor);
    }
  });
}

test('quanto puts elements of several groups into one byte: its buffer has whole bytes for the last groups', () => {
  for (const [bits, seqLen] of [
    [4, 100],
    [4, 33],
    [2, 33],
    [2, 7],
  ] as const) {
    const layer = { ...noiseLayer(seqLen, 64, 4), kvHeads: 1 };
    for (const tensor of tensors) layer[tensor] = layer[tensor].slice(0, seqLen * 64);
    const format = parseCacheFormat(`huggingface(bits=${bits})`);
    const { keyValues, bytes } = quantiseCache([layer], format);
    let length = 0;
    for (const tensor of tensors) {
      const groups = range(seqLen, 0, 64).map((start) => range(64, start));
      const rowsPerByte = 8 / bits;
      const packedRows = Math.ceil(groups.length / rowsPerByte);
      const codes = new Uint8Array(packedRows * 64);
      const packer = new Packer();
      const { metadata, read } = halfAffine(bits);
      const besides = groups.map((indices) =>
        metadata(
          indices.map((index) => layer[tensor][index]!),
          [],
        ),
      );
      for (const [g, indices] of groups.entries()) {
        for (const value of besides[g]!) packer.half(value);
        for (const [column, index] of indices.entries()) {
          const code = range(2 ** bits).find((each) => read(each, besides[g]!) === keyValues[tensor][0]![index]!);
          assert.ok(code !== undefined);
          codes[(g % packedRows) * 64 + column]! |= code << (bits * Math.floor(g / packedRows));
        }
      }
      for (const [g, indices] of groups.entries()) {
        for (const [column, index] of indices.entries()) {
          const byte = codes[(g % packedRows) * 64 + column]!;
          const code = (byte >> (bits * Math.floor(g / packedRows))) & (2 ** bits - 1);
          assert.equal(read(code, besides[g]!), keyValues[tensor][0]![index]);
        }
      }
      length += codes.byteLength + packer.bytes.length;
    }
    assert.equal(length, countBytes(bytes, 'payload'), `${bits} bits of ${seqLen} tokens`);
  }
});

test('rotations and roundings change no size', () => {
  const shape = { kvHeads: 2, headDim: 64, seqLen: 100, windows: [null] };
  const size = (name: string): number => countBytes(formatBytes(parseCacheFormat(name), shape), 'payload');
  for (const type of Object.keys(ggml))
    assert.equal(
      size(`llamacpp(keys=${type},values=${type})`),
      size(`llamacpp(keys=${type},values=${type},rotation=false)`),
    );
  assert.equal(size('mlx(kernel=cpu)'), size('mlx'));
  assert.equal(size('vllm-fp8(scales=calculated)'), size('vllm-fp8'));
  // int4 keeps its zero point in bits of the scale: 4 bits per element and one float per row.
  assert.equal(size('vllm-token-head(type=int4_per_token_head)'), 2 * 2 * 100 * (64 / 2 + 4));
});

test('every format that is offered is packed here', () => {
  /** What decides the layout: rotations, kernels and windows change elements, not where they are packed. */
  const layoutOf = (name: string): string => {
    const { id, parameters } = parseCacheFormat(name);
    const [family] = id.split('(');
    const { rotation: _, kernel: __, residualLength: ___, ...rest } = parameters;
    return family === 'kivi' ? family : `${family!} ${JSON.stringify(rest)}`;
  };
  const packed = new Set([...Object.keys(layouts), 'huggingface(bits=4)', 'huggingface(bits=2)'].map(layoutOf));
  const missing = uniformFormats.filter(({ id }) => !packed.has(layoutOf(id)) && !id.includes('int4_per_token'));
  assert.deepEqual(
    missing.map(({ id }) => id),
    [],
  );
});

test('mixed precision: the counted bytes are those of both tiers packed, with grids, positions, scores and factors', () => {
  const [seqLen, headDim] = [50, 64];
  const exact = noiseLayer(seqLen, headDim, 3);
  const layer = { ...exact, queryMax: noise(2 * headDim, 9).map((value) => Math.abs(value) + 0.1) };
  const tier = new KeptSet(1, 2, seqLen);
  for (const [head, position] of [0, 3, 17, 49, 4, 20].entries()) tier.add(0, head % 2, position);
  for (const importance of importanceBits) {
    for (const retained of retainedBits.filter((bits) => bits <= importance)) {
      const precision = { importance, retained, balancer: true };
      const { keyValues, bytes } = mikvCache([layer], tier, precision);
      const factors = channelBalancer(layer.keys, layer.queryMax, layer);
      const payload = new Packer();
      const beside = new Packer();
      for (const factor of factors) beside.float(factor);
      const read = { keys: new Float32Array(exact.keys.length), values: new Float32Array(exact.values.length) };
      for (let head = 0; head < 2; head++) {
        for (let position = 0; position < seqLen; position++) {
          const isImportant = tier.has(0, head, position);
          const bits = isImportant ? importance : retained;
          beside.bytes.push(...new Uint8Array(Int32Array.of(position).buffer));
          if (isImportant) beside.bytes.push(...new Uint8Array(Float64Array.of(0.5).buffer));
          const start = (head * seqLen + position) * headDim;
          for (const tensor of tensors) {
            const factor = (channel: number): number => (tensor === 'keys' ? factors[head * headDim + channel]! : 1);
            const row = exact[tensor].subarray(start, start + headDim);
            if (bits === 16) {
              for (const value of row) payload.half(roundToHalf(value));
              read[tensor].set(row.map(roundToHalf), start);
              continue;
            }
            const groups = quantiseGroups(
              row.map((value, channel) => value * factor(channel)),
              headDim / 2,
              bits,
            );
            for (const [group, alpha] of groups.alpha.entries()) {
              payload.half(alpha);
              payload.half(groups.beta[group]!);
              const codes = groups.codes.subarray((group * headDim) / 2, ((group + 1) * headDim) / 2);
              for (const [i, code] of codes.entries()) {
                payload.code(code, bits);
                const channel = (group * headDim) / 2 + i;
                read[tensor][start + channel] = f(f(alpha * code) + groups.beta[group]!) / factor(channel);
              }
            }
          }
        }
      }
      const title = tierNames(precision);
      assert.equal(payload.bytes.length, countBytes(bytes, 'payload'), title);
      assert.equal(payload.bytes.length + beside.bytes.length, countBytes(bytes, 'total'), title);
      for (const tensor of tensors) assert.deepEqual(read[tensor], keyValues[tensor][0], `${title}: ${tensor}`);
    }
  }
});

test('eviction: the counted bytes are those of the kept rows in 16 bits', () => {
  const layers = [randomLayer(40, 1, 8), randomLayer(40, 2, 8)];
  for (const id of [
    'knorm',
    'adakv(h2o)',
    'pyramid(window=2,beta=2)',
    'kvzip',
    'chunkkv(knorm,length=5)',
    'merging(knorm)',
  ]) {
    const { kept, bytes } = compress(layers, parsePolicy(id), 0.6);
    const buffer: number[] = [];
    for (const [layer, { keys, values }] of layers.entries())
      for (const head of [0, 1])
        for (const position of kept.positions(layer, head))
          for (const tensor of [keys, values])
            for (const value of tensor.subarray((head * 40 + position) * 8, (head * 40 + position + 1) * 8))
              buffer.push(roundToHalf(value));
    assert.equal(2 * buffer.length, bytes, id);
  }
});
