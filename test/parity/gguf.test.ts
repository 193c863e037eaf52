import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { HoldfastError } from '../../src/errors.ts';
import { dequantise } from '../../src/runtime/weights/dequantise.ts';
import { openGguf } from '../../src/runtime/weights/gguf.ts';
import type { GgufValue } from '../../src/runtime/weights/ggufMetadata.ts';
import { tensorLayouts } from '../../src/runtime/weights/tensorLayout.ts';
import { readFloat32, type TensorType } from '../../src/runtime/weights/weightSource.ts';
import { discover, fixture, floats, needsFixtures, readJson } from '../support/fixtures.ts';
import { hashFloats, withoutNegativeZero } from '../support/tensorHash.ts';

interface FileReference {
  file: string;
  gguf_version: number;
  metadata: Record<string, { type: string[]; value: unknown }>;
  tensors: {
    name: string;
    type: TensorType;
    shape_rows_first: number[];
    n_bytes: number;
    sha256_f32: string;
    rows: { first: string; last: string };
  }[];
}

interface BlockReference {
  ggml_type: number;
  block_size: number;
  block_bytes: number;
  n_blocks: number;
  bytes: string;
  values: { f32: string };
}

interface MalformedReference {
  files: { file: string; kind: string; expected: string }[];
}

const references = discover('arch/gguf', /\.reference\.json$/);

test('there are GGUF files with reference outputs', needsFixtures('arch/gguf'), () => {
  assert.ok(references.length > 0);
});

for (const reference of references) {
  const expected = readJson<FileReference>(reference);
  test(`${expected.file}: metadata, tensor table and every dequantised tensor`, () => {
    const gguf = openGguf(path.join(path.dirname(reference), expected.file));
    try {
      assert.equal(gguf.version, expected.gguf_version);
      const metadata = Object.fromEntries([...gguf.metadata].map(([key, value]) => [key, plain(value)]));
      const values = Object.entries(expected.metadata).map(([key, entry]) => [key, entry.value]);
      assert.deepEqual(metadata, Object.fromEntries(values));

      assert.deepEqual(
        [...gguf.tensors.values()],
        expected.tensors.map(({ name, type, shape_rows_first: shape, n_bytes: byteLength }) => ({
          name,
          type,
          shape,
          byteLength,
        })),
      );
      for (const tensor of expected.tensors) {
        const values = readFloat32(gguf, tensor.name);
        assert.equal(hashFloats(values), tensor.sha256_f32, tensor.name);
        const cols = tensor.shape_rows_first.at(-1)!;
        const first = withoutNegativeZero(values.subarray(0, cols));
        const last = withoutNegativeZero(values.subarray(values.length - cols));
        assert.deepEqual(first, withoutNegativeZero(floats(tensor.rows.first)), tensor.name);
        assert.deepEqual(last, withoutNegativeZero(floats(tensor.rows.last)), tensor.name);
      }
    } finally {
      gguf.close();
    }
  });
}

for (const file of discover('arch/gguf', /^blocks\.json$/)) {
  for (const [type, block] of Object.entries(readJson<Record<TensorType, BlockReference>>(file))) {
    test(`${type}: single blocks equal the reference exactly`, () => {
      const layout = tensorLayouts[type as TensorType];
      assert.deepEqual(layout, { blockSize: block.block_size, blockBytes: block.block_bytes });
      const expected = floats(block.values);
      const values = dequantise(type as TensorType, Buffer.from(block.bytes, 'base64'), expected.length);
      assert.deepEqual(withoutNegativeZero(values), withoutNegativeZero(expected));
    });
  }
}

/** What the message must say for each kind of damage in `expected.json`. */
const messageOf: Readonly<Record<string, RegExp>> = {
  truncated: /unexpected end of the file inside|the file is shorter than its tensor table says: tensor "[^"]+"/,
  bad_magic: /not a GGUF file/,
  offset_out_of_range: /past the end of the file/,
  unsupported_version: /GGUF version \d+/,
  length_out_of_range: /a text of \d+ bytes, but only \d+ bytes follow/,
  unknown_tensor_type: /unknown ggml type \d+/,
  size_out_of_range: /would take \d+ bytes, but the whole file has \d+/,
};

for (const file of discover('arch/gguf/malformed', /^expected\.json$/)) {
  for (const malformed of readJson<MalformedReference>(file).files) {
    test(`${malformed.file} is refused: ${malformed.kind}`, () => {
      const residentBefore = process.memoryUsage.rss();
      assert.throws(
        () => openGguf(fixture('arch/gguf/malformed', malformed.file)),
        (error) => {
          assert.ok(error instanceof HoldfastError, String(error));
          assert.equal(error.code, 'model-format');
          assert.ok(error.hint);
          assert.ok(error.message.includes(malformed.file));
          assert.match(error.message, messageOf[malformed.kind] ?? assert.fail(`unknown kind ${malformed.kind}`));
          const tensor = /\b(?:blk\.\d+|token_embd|output(?:_norm)?)\.[\w.]*weight\b/.exec(malformed.expected)?.[0];
          if (tensor !== undefined) assert.ok(error.message.includes(`tensor "${tensor}"`), error.message);
          return true;
        },
      );
      assert.ok(process.memoryUsage.rss() - residentBefore < 100e6);
    });
  }
}

/** Metadata as JSON has it. */
function plain(value: GgufValue): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value) : value;
}
