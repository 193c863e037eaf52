import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { outlineGguf } from '../../../src/runtime/weights/ggufOutline.ts';
import { typed, writeGguf, type RawGguf } from '../../support/ggufWriter.ts';

function gguf(t: TestContext, raw: RawGguf): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-outline-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'm.gguf');
  writeFileSync(file, writeGguf(raw));
  return file;
}

const vocabulary = Array.from({ length: 200_000 }, (_, id) => `token ${id}`);

test('keeps what a model says of itself on both sides of its vocabulary, and counts its weights by type', (t) => {
  const file = gguf(t, {
    metadata: [
      ['general.architecture', typed.string('llama')],
      ['tokenizer.ggml.tokens', typed.strings(vocabulary)],
      ['tokenizer.ggml.token_type', typed.uint32s([1, 2, 3])],
      ['general.file_type', typed.uint32(15)],
    ],
    tensors: [
      { name: 'a', ne: [32, 2], type: 2, offset: 0 },
      { name: 'b', ne: [4, 4], type: 0, offset: 64 },
      { name: 'c', ne: [256], type: 16, offset: 128 }, // IQ2_XXS: known to ggml, of no known size here
    ],
    data: Buffer.alloc(200),
  });
  const { metadata, elements } = outlineGguf(file, 60_000);
  assert.deepEqual(
    [...metadata],
    [
      ['general.architecture', 'llama'],
      ['general.file_type', 15],
    ],
  );
  assert.deepEqual(
    [...elements],
    [
      ['Q4_0', 64],
      ['F32', 16],
      ['IQ2_XXS', 256],
    ],
  );
});

test('a file that is shorter than its tensors is incomplete', (t) => {
  const file = gguf(t, {
    tensors: [{ name: 'a', ne: [1000], type: 0, offset: 0 }],
    data: Buffer.alloc(3000),
  });
  assert.throws(() => outlineGguf(file, 60_000), { code: 'model-format', message: /it is incomplete: \d+ bytes/ });
});

test('a vocabulary that claims more than the file holds is refused without being read', (t) => {
  const tokens = typed.strings(['a']);
  tokens.writeBigUInt64LE(4_000_000n, 8); // after type and element type
  const file = gguf(t, { metadata: [['tokenizer.ggml.tokens', tokens]] });
  assert.throws(() => outlineGguf(file, 60_000), { code: 'model-format', message: /declares 4000000 values/ });
});

test('when the time is up, what was read so far is the answer', (t) => {
  const file = gguf(t, {
    metadata: [
      ['general.architecture', typed.string('llama')],
      ['general.name', typed.string('Tiny')],
    ],
  });
  const { metadata, elements } = outlineGguf(file, -1);
  assert.deepEqual([[...metadata.keys()], elements.size], [['general.architecture'], 0]);
});
