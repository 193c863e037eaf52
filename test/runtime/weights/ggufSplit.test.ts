import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { HoldfastError, type HoldfastErrorCode } from '../../../src/errors.ts';
import { openGguf } from '../../../src/runtime/weights/gguf.ts';
import { partPaths } from '../../../src/runtime/weights/ggufSplit.ts';
import { readFloat32 } from '../../../src/runtime/weights/weightSource.ts';
import { typed, writeGguf } from '../../support/ggufWriter.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-split-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const part = (folder: string, number: number, count = 3): string =>
  path.join(folder, `tiny-${String(number).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.gguf`);

interface PartOptions {
  readonly index: number;
  readonly count?: number;
  readonly tensors?: readonly string[];
  readonly total?: number;
  readonly name?: string;
}

/** One part: each tensor is two float32 values, its own number and that plus a half. */
function bytesOfPart({ index, count = 3, tensors = [`t${index}`], total = 3, name }: PartOptions): Buffer {
  const data = Buffer.alloc(32 * tensors.length);
  for (const [i, tensor] of tensors.entries()) {
    data.writeFloatLE(Number(tensor.slice(1)), 32 * i);
    data.writeFloatLE(Number(tensor.slice(1)) + 0.5, 32 * i + 4);
  }
  return writeGguf({
    metadata: [
      ...(name === undefined ? [] : [['general.name', typed.string(name)] as const]),
      ...(index === 0 ? [['general.architecture', typed.string('llama')] as const] : []),
      ['split.no', typed.uint32(index)],
      ['split.count', typed.uint32(count)],
      ['split.tensors.count', typed.uint32(total)],
    ],
    tensors: tensors.map((tensor, i) => ({ name: tensor, ne: [2], type: 0, offset: 32 * i })),
    data,
  });
}

let folders = 0;

/** A folder with a model in three parts, of which some are replaced. */
function splitModel(replaced: Readonly<Record<number, PartOptions>> = {}): string {
  const folder = path.join(scratch, `model-${folders++}`);
  mkdirSync(folder);
  for (const index of [0, 1, 2]) {
    writeFileSync(part(folder, index + 1), bytesOfPart(replaced[index] ?? { index }));
  }
  return folder;
}

function refuses(file: string, message: RegExp, code: HoldfastErrorCode = 'model-format'): void {
  assert.throws(
    () => openGguf(file),
    (error) => {
      assert.ok(error instanceof HoldfastError, String(error));
      assert.match(error.message, message);
      assert.equal(error.code, code);
      return error.hint !== undefined;
    },
  );
}

describe('a model split over several GGUF files', () => {
  test('opens by the name of any part, with the tensors of all and the metadata of the first', () => {
    const folder = splitModel();
    for (const number of [1, 2, 3]) {
      const gguf = openGguf(part(folder, number));
      assert.deepEqual([...gguf.tensors.keys()], ['t0', 't1', 't2']);
      assert.equal(gguf.metadata.get('general.architecture'), 'llama');
      assert.equal(gguf.path, part(folder, number));
      for (const index of [0, 1, 2]) {
        assert.deepEqual(readFloat32(gguf, `t${index}`), Float32Array.of(index, index + 0.5));
      }
      gguf.close();
    }
  });

  test('names the part that is missing', () => {
    const folder = splitModel();
    rmSync(part(folder, 2));
    refuses(part(folder, 3), /tiny-00002-of-00003\.gguf is not beside it/, 'model-not-found');
  });

  test('refuses parts of different models', () => {
    refuses(
      part(splitModel({ 0: { index: 0, name: 'one' }, 2: { index: 2, name: 'other' } }), 1),
      /00003-of-00003\.gguf: it belongs to another model than tiny-00001-of-00003\.gguf \(other instead of one\)/,
    );
    refuses(part(splitModel({ 1: { index: 1, total: 7 } }), 1), /00002-of-.*another model.*\(7 instead of 3\)/);
  });

  test('refuses parts in the wrong place and counts that do not agree', () => {
    refuses(part(splitModel({ 1: { index: 2 } }), 1), /00002-of-.*its metadata says that it is part 3 of 3/);
    refuses(part(splitModel({ 2: { index: 2, count: 4 } }), 1), /00003-of-.*says that it is part 3 of 4/);
    const wrongTotal = { 0: { index: 0, total: 9 }, 1: { index: 1, total: 9 }, 2: { index: 2, total: 9 } };
    refuses(part(splitModel(wrongTotal), 2), /the model has 9 tensors, but its 3 parts have 3 together/);
    refuses(part(splitModel({ 0: { index: 5 } }), 1), /it says that it is part 6 of 3/);
    const whole = splitModel();
    writeFileSync(part(whole, 2), writeGguf({}));
    refuses(part(whole, 1), /00002-of-.*says that it is a whole model/);
  });

  test('refuses a tensor that two parts have', () => {
    refuses(part(splitModel({ 2: { index: 2, tensors: ['t0'] } }), 1), /tensor "t0" is also in tiny-00001/);
  });

  test('says why a renamed part cannot be opened', () => {
    const folder = splitModel();
    renameSync(part(folder, 1), path.join(folder, 'model.gguf'));
    refuses(path.join(folder, 'model.gguf'), /part 1 of 3, but its name does not end in -00001-of-00003\.gguf/);
    copyFileSync(part(folder, 2), part(folder, 2, 4));
    refuses(part(folder, 2, 4), /part 2 of 3, but its name does not end in/);
  });

  test('one part of one is a whole model', () => {
    const file = path.join(scratch, 'whole.gguf');
    writeFileSync(file, bytesOfPart({ index: 0, count: 1, total: 1 }));
    const gguf = openGguf(file);
    assert.equal(gguf.tensors.size, 1);
    gguf.close();
  });
});

test('the names of all parts follow from the name of one', () => {
  assert.deepEqual(
    partPaths('/m/tiny-00002-of-00003.gguf'),
    [1, 2, 3].map((n) => part('/m', n)),
  );
  assert.equal(partPaths('/m/tiny.gguf'), null);
  assert.equal(partPaths('/m/tiny-00001-of-99999.gguf'), null);
});
