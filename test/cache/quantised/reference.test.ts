import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { roundToHalf } from '../../../src/cache/quantised/float16.ts';
import { roundToFloat8 } from '../../../src/cache/quantised/float8.ts';
import { ggmlBlocks, ggmlBlockSize, type GgmlType } from '../../../src/cache/quantised/ggmlBlocks.ts';
import { parseCacheFormat } from '../../../src/cache/quantised/index.ts';
import { float8E4m3, float8E5m2 } from '../../../src/cache/quantised/minifloat.ts';
import { decodeHalf } from '../../../src/runtime/weights/halfFloat.ts';
import { floats, readJson } from '../../support/fixtures.ts';

interface Digest {
  sha256: string;
  first: number[];
}

interface Reference {
  casts: { inputs: string; float16: string; float8_e4m3: Digest; float8_e5m2: Digest };
  ggml: { blocks: string; dequantised: Record<Exclude<GgmlType, 'f16'>, Digest & { bytes: number }> };
  caches: {
    shape: [number, number, number];
    keys: string;
    dequantised: Record<string, { keys: Digest; values: Digest }>;
  };
}

const fixtures = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../fixtures/quantised');
const { casts, ggml, caches } = readJson<Reference>(path.join(fixtures, 'reference.json'));

function halves(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return Float32Array.from({ length: bytes.length / 2 }, (_, index) => decodeHalf(bytes.readUInt16LE(2 * index)));
}

/** Bit equality, but for the sign of zero. */
function assertDigest(actual: Float32Array, { sha256, first }: Digest): void {
  const positive = actual.map((value) => value + 0);
  assert.deepEqual([...positive.subarray(0, first.length)], first);
  assert.equal(createHash('sha256').update(new Uint8Array(positive.buffer)).digest('hex'), sha256);
}

test('casts to half precision equal those of PyTorch', () => {
  assert.deepEqual(floats(casts.inputs).map(roundToHalf), halves(casts.float16));
});

test('saturated casts to 8-bit floats equal those of PyTorch', () => {
  const inputs = floats(casts.inputs);
  assertDigest(
    inputs.map((value) => roundToFloat8(value, float8E4m3)),
    casts.float8_e4m3,
  );
  assertDigest(
    inputs.map((value) => roundToFloat8(value, float8E5m2)),
    casts.float8_e5m2,
  );
});

for (const [type, expected] of Object.entries(ggml.dequantised)) {
  test(`blocks of ${type} are read back as ggml's own package reads them, in as many bytes`, () => {
    const block = ggmlBlocks[type as keyof typeof ggmlBlocks];
    const values = floats(ggml.blocks);
    for (let start = 0; start < values.length; start += ggmlBlockSize) block.requantise(values, start);
    assertDigest(values, expected);
    assert.equal((block.bits * ggmlBlockSize) / 8 + block.metadataBytes, expected.bytes);
  });
}

for (const [name, expected] of Object.entries(caches.dequantised)) {
  test(`a cache in ${name} equals the reference bit for bit`, () => {
    const [kvHeads, seqLen, headDim] = caches.shape;
    const keys = halves(caches.keys);
    const values = new Float32Array(keys.length);
    for (let head = 0; head < kvHeads; head++) {
      for (let token = 0; token < seqLen; token++) {
        const from = (head * seqLen + seqLen - 1 - token) * headDim;
        values.set(keys.subarray(from, from + headDim), (head * seqLen + token) * headDim);
      }
    }
    const stored = parseCacheFormat(name).store({ kvHeads, seqLen, headDim, window: null, keys, values });
    assertDigest(stored.keys, expected.keys);
    assertDigest(stored.values, expected.values);
  });
}
