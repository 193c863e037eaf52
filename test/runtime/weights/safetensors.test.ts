import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { HoldfastError, type HoldfastErrorCode } from '../../../src/errors.ts';
import { openSafetensors } from '../../../src/runtime/weights/safetensors.ts';
import { readFloat32 } from '../../../src/runtime/weights/weightSource.ts';
import { u64 } from '../../support/ggufWriter.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'holdfast-safetensors-'));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

function folderWith(files: Record<string, Buffer | string>): string {
  const folder = path.join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  return folder;
}

function safetensors(header: unknown, data: Buffer): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  return Buffer.concat([u64(json.length), json, data]);
}

const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
const one = (name: string, value: number): Buffer =>
  safetensors({ [name]: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, floats(value));

function refuses(target: string, message: RegExp, code: HoldfastErrorCode = 'model-format'): void {
  assert.throws(
    () => openSafetensors(target),
    (error) => {
      assert.ok(error instanceof HoldfastError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.ok(error.hint);
      return true;
    },
  );
}

test('reads F32, F16 and BF16 from one file, and lists integers', () => {
  const header = {
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    b: { dtype: 'F16', shape: [2], data_offsets: [8, 12] },
    c: { dtype: 'BF16', shape: [1, 2], data_offsets: [12, 16] },
    ids: { dtype: 'I64', shape: [], data_offsets: [16, 24] },
  };
  const data = Buffer.concat([floats(1.5, -2), Buffer.of(0, 0x3c, 1, 0), Buffer.of(0x80, 0x3f, 0x40, 0xc0), u64(7)]);
  const folder = folderWith({ 'model.safetensors': safetensors(header, data) });
  for (const target of [folder, path.join(folder, 'model.safetensors')]) {
    const source = openSafetensors(target);
    assert.equal(source.format, 'safetensors');
    assert.deepEqual([...source.tensors.keys()], ['a', 'b', 'c', 'ids']);
    assert.deepEqual(source.tensors.get('a'), { name: 'a', type: 'F32', shape: [2, 1], byteLength: 8 });
    assert.deepEqual(readFloat32(source, 'a'), Float32Array.of(1.5, -2));
    assert.deepEqual(readFloat32(source, 'b'), Float32Array.of(1, 2 ** -24));
    assert.deepEqual(readFloat32(source, 'c'), Float32Array.of(1, -3));
    assert.deepEqual(Buffer.from(source.readRaw('ids')), u64(7));
    assert.throws(() => readFloat32(source, 'ids'), /type I64 cannot be read as weights/);
    assert.throws(() => source.readRaw('absent'), /has no tensor "absent"/);
    source.close();
  }
});

test('reads each tensor of a sharded model from its shard', () => {
  const folder = folderWith({
    'model-00001-of-00002.safetensors': one('a', 1),
    'model-00002-of-00002.safetensors': one('b', 2),
    'model.safetensors.index.json': JSON.stringify({
      weight_map: { b: 'model-00002-of-00002.safetensors', a: 'model-00001-of-00002.safetensors' },
    }),
  });
  const source = openSafetensors(folder);
  assert.deepEqual(readFloat32(source, 'a'), Float32Array.of(1));
  assert.deepEqual(readFloat32(source, 'b'), Float32Array.of(2));
  source.close();
});

test('a folder with both layouts is read from the single file', () => {
  const folder = folderWith({ 'model.safetensors': one('a', 1), 'model.safetensors.index.json': 'unused' });
  const source = openSafetensors(folder);
  assert.deepEqual(readFloat32(source, 'a'), Float32Array.of(1));
  source.close();
});

test('refuses damaged files, naming the tensor', () => {
  const file = (content: Buffer): string =>
    path.join(folderWith({ 'model.safetensors': content }), 'model.safetensors');
  const entry = (change: object, bytes = 8): string =>
    file(safetensors({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change } }, Buffer.alloc(bytes)));

  refuses(file(Buffer.alloc(5)), /ends inside the length of the header/);
  refuses(file(u64(2n ** 60n)), /header would take \d+ bytes, more than 100000000/);
  refuses(file(u64(1000)), /header would take 1000 bytes, but the file has only 8/);
  refuses(file(safetensors('{"w": ', Buffer.alloc(8))), /not valid JSON/);
  refuses(file(safetensors([], Buffer.alloc(0))), /not a JSON object/);
  refuses(file(safetensors({ w: 3 }, Buffer.alloc(0))), /tensor "w" is not an object/);
  refuses(entry({ dtype: 5 }), /tensor "w" has no dtype/);
  refuses(entry({ dtype: 'F8_E4M3' }), /tensor "w" is stored as F8_E4M3/, 'unsupported-model');
  for (const shape of [[-2], [1.5], ['2'], 2, [2 ** 60], null])
    refuses(entry({ shape }), /tensor "w" has no valid shape/);
  for (const offsets of [[0], [0, 4, 8], [-8, 0], 'x']) {
    refuses(entry({ data_offsets: offsets }), /tensor "w" has no valid data_offsets/);
  }
  refuses(entry({ data_offsets: [0, 4] }), /tensor "w" .* needs 8 bytes, but its data_offsets are 0 to 4/);
  refuses(entry({ data_offsets: [8, 0] }), /tensor "w" .* needs 8 bytes/);
  refuses(entry({ shape: [2 ** 40], data_offsets: [0, 2 ** 42] }), /tensor "w" .* past the end of the file/);
  refuses(entry({ data_offsets: [4, 12] }), /tensor "w" .* past the end of the file/);
  refuses(entry({}, 7), /tensor "w" .* past the end of the file/);
});

test('refuses an index that cannot be followed, and one that leaves the folder', () => {
  const index = (content: unknown): string =>
    folderWith({
      'model.safetensors.index.json': typeof content === 'string' ? content : JSON.stringify(content),
      'shard.safetensors': one('a', 1),
    });
  refuses(index('{'), /not valid JSON/);
  refuses(index([]), /no "weight_map"/);
  refuses(index({ weight_map: { a: 1 } }), /the shard of tensor "a" is not a file name/);
  refuses(index({ weight_map: { b: 'shard.safetensors' } }), /tensor "b" in shard.safetensors, which does not have it/);
  refuses(index({ weight_map: { a: 'absent.safetensors' } }), /absent.safetensors/, 'model-not-found');
  for (const outside of ['../0/model.safetensors', '..', '', 'sub/shard.safetensors', '..\\shard.safetensors']) {
    refuses(index({ weight_map: { a: outside } }), /not the name of a file in the same folder/);
  }
});

test('says what a folder without weights lacks', () => {
  refuses(folderWith({ 'config.json': '{}' }), /neither model.safetensors nor/, 'model-not-found');
  refuses(path.join(root, 'absent.safetensors'), /no model file at/, 'model-not-found');
});
