import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError, type HoldfastErrorCode } from '../../../src/errors.ts';
import { openGguf, type GgufFile } from '../../../src/runtime/weights/gguf.ts';
import {
  metadataBoolean,
  metadataNumber,
  metadataNumbers,
  metadataString,
  metadataStrings,
  requiredMetadata,
} from '../../../src/runtime/weights/ggufMetadata.ts';
import { readFloat32 } from '../../../src/runtime/weights/weightSource.ts';
import { text, typed, u32, u64, writeGguf, type RawGguf } from '../../support/ggufWriter.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-gguf-'));
after(() => rmSync(folder, { recursive: true }));

function write(gguf: RawGguf | Buffer): string {
  const file = path.join(folder, 'model.gguf');
  writeFileSync(file, Buffer.isBuffer(gguf) ? gguf : writeGguf(gguf));
  return file;
}

function withGguf<T>(gguf: RawGguf | Buffer, use: (file: GgufFile) => T): T {
  const file = openGguf(write(gguf));
  try {
    return use(file);
  } finally {
    file.close();
  }
}

function refuses(gguf: RawGguf | Buffer, message: RegExp, code: HoldfastErrorCode = 'model-format'): void {
  assert.throws(
    () => openGguf(write(gguf)),
    (error) => {
      assert.ok(error instanceof HoldfastError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.ok(error.hint);
      return true;
    },
  );
}

const matrix = { name: 'w', ne: [2, 3], type: 0, offset: 0 };
const matrixData = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
const valid: RawGguf = {
  metadata: [
    ['general.architecture', typed.string('llama')],
    ['tokenizer.ggml.tokens', typed.strings(['a', 'Ġé', ''])],
    ['llama.block_count', typed.uint32(30)],
    ['tokenizer.ggml.token_type', typed.uint32s([1, 3, 3])],
    ['tokenizer.ggml.add_bos_token', typed.bool(false)],
    ['big', typed.uint64(2n ** 60n + 1n)],
    ['small', typed.uint64(7n)],
  ],
  tensors: [matrix],
  data: matrixData,
};

test('reads metadata through typed accessors', () => {
  withGguf(valid, (file) => {
    assert.equal(file.version, 3);
    assert.equal(metadataString(file, 'general.architecture'), 'llama');
    assert.equal(metadataNumber(file, 'llama.block_count'), 30);
    assert.equal(metadataBoolean(file, 'tokenizer.ggml.add_bos_token'), false);
    assert.deepEqual(metadataStrings(file, 'tokenizer.ggml.tokens'), ['a', 'Ġé', '']);
    assert.deepEqual(metadataNumbers(file, 'tokenizer.ggml.token_type'), Uint32Array.of(1, 3, 3));
    assert.equal(metadataNumber(file, 'small'), 7);
    assert.equal(file.metadata.get('big'), 2n ** 60n + 1n);
  });
});

test('an absent key is undefined, an absent required key and a wrong kind are errors that name the key', () => {
  withGguf(valid, (file) => {
    for (const read of [metadataString, metadataNumber, metadataBoolean, metadataStrings, metadataNumbers]) {
      assert.equal(read(file, 'absent'), undefined);
      assert.throws(() => requiredMetadata<unknown>(read, file, 'absent'), /no metadata "absent"/);
    }
    assert.equal(requiredMetadata(metadataNumber, file, 'llama.block_count'), 30);
    assert.throws(() => metadataNumber(file, 'general.architecture'), /"general.architecture" is not a number/);
    assert.throws(() => metadataNumber(file, 'big'), /"big" is not a number/);
    assert.throws(() => metadataString(file, 'llama.block_count'), /is not text/);
    assert.throws(() => metadataBoolean(file, 'llama.block_count'), /is not true or false/);
    assert.throws(() => metadataStrings(file, 'tokenizer.ggml.token_type'), /is not a list of texts/);
    assert.throws(() => metadataNumbers(file, 'tokenizer.ggml.tokens'), /is not a list of numbers/);
  });
});

test('shapes are rows first, and tensors are read from an aligned data section', () => {
  for (const alignment of [32, 64]) {
    const metadata = alignment === 64 ? [['general.alignment', typed.uint32(64)] as const] : [];
    withGguf({ ...valid, version: 2, metadata, alignment }, (file) => {
      assert.equal(file.version, 2);
      assert.deepEqual(file.tensors.get('w'), { name: 'w', type: 'F32', shape: [3, 2], byteLength: 24 });
      assert.deepEqual(readFloat32(file, 'w'), Float32Array.of(1, 2, 3, 4, 5, 6));
    });
  }
});

test('reads headers larger than its window, with values across every window boundary', () => {
  const long = 'ö'.repeat(700_000); // 1.4 MB, longer than a window
  const many = Array.from({ length: 300_000 }, (_, i) => `t${i}`); // 4 MB of short texts
  const numbers = Array.from({ length: 1000 }, (_, i) => i);
  const metadata = [
    ['odd', typed.bool(true)], // so that no value is aligned with a window
    ['many', typed.strings(many)],
    ['long', typed.string(long)],
    ['numbers', typed.uint32s(numbers)],
  ] as const;
  withGguf({ ...valid, metadata }, (file) => {
    assert.equal(metadataString(file, 'long'), long);
    assert.deepEqual(metadataStrings(file, 'many'), many);
    assert.deepEqual([...(metadataNumbers(file, 'numbers') as Uint32Array)], numbers);
    assert.deepEqual(readFloat32(file, 'w'), Float32Array.of(1, 2, 3, 4, 5, 6));
  });
});

test('refuses what is not a GGUF file it can read, and says why', () => {
  refuses(Buffer.alloc(0), /unexpected end of the file/);
  refuses(Buffer.from('GG'), /unexpected end of the file/);
  refuses(Buffer.from('PK\x03\x04 and so on'), /not a GGUF file/);
  refuses({ ...valid, version: 1 }, /GGUF version 1/);
  refuses({ ...valid, version: 0x03000000 }, /big-endian/);
});

test('refuses forged counts and lengths without allocating them', () => {
  const before = process.memoryUsage().rss;
  refuses({ ...valid, tensorCount: 2n ** 63n }, /tensors, more than/);
  refuses({ ...valid, tensorCount: 100_000n }, /100000 tensors, but only/);
  refuses({ ...valid, keyCount: 2n ** 40n }, /metadata entries, more than/);
  refuses({ ...valid, keyCount: 9_999n }, /9999 metadata entries, but only/);
  const forged = (typeNumber: number, count: bigint): RawGguf => ({
    metadata: [['list', Buffer.concat([u32(9), u32(typeNumber), u64(count)])]],
  });
  for (const typeNumber of [0, 5, 7, 8, 9, 10]) {
    refuses(forged(typeNumber, 2n ** 62n), /metadata "list" declares .* more than/);
    refuses(forged(typeNumber, 4_000_000n), /metadata "list" declares 4000000 .*, but only/);
  }
  refuses({ metadata: [['long', Buffer.concat([u32(8), u64(2n ** 33n)])]] }, /inside metadata "long": a text of/);
  refuses(
    { metadata: [['deep', Buffer.concat(Array.from({ length: 9 }, () => Buffer.concat([u32(9), u32(9), u64(1)])))]] },
    /deep/,
  );
  assert.ok(process.memoryUsage().rss - before < 200e6);
});

test('refuses tables that contradict themselves, naming the tensor or key', () => {
  const tensor = (change: object): RawGguf => ({ ...valid, tensors: [{ ...matrix, ...change }] });
  refuses(
    {
      ...valid,
      metadata: [
        ['a', typed.uint32(1)],
        ['a', typed.uint32(2)],
      ],
    },
    /metadata "a" is listed twice/,
  );
  refuses({ metadata: [['odd', Buffer.concat([u32(13), u32(0)])]] }, /metadata "odd" has the unknown value type 13/);
  refuses({ metadata: [['general.alignment', typed.uint32(24)]] }, /general.alignment is 24/);
  refuses({ ...valid, tensors: [matrix, matrix] }, /tensor "w" is listed twice/);
  refuses(tensor({ ne: [1, 1, 1, 1, 1] }), /tensor "w" has 5 dimensions/);
  refuses(tensor({ ne: [2, 2n ** 63n] }), /tensor "w" .* would take/);
  refuses(tensor({ type: 8, ne: [16] }), /tensor "w" .* not whole blocks of 32/);
  refuses(tensor({ type: 4 }), /tensor "w" has the unknown ggml type 4/);
  refuses(tensor({ offset: 8, ne: [2, 2] }), /tensor "w" .* not aligned to 32/);
  refuses(tensor({ offset: 32 }), /tensor "w" .* past the end|shorter than its tensor table says: tensor "w"/);
});

test('says that an intact file of an unsupported kind is unsupported, not damaged', () => {
  refuses({ ...valid, tensors: [{ ...matrix, type: 16 }] }, /tensor "w" is stored as IQ2_XXS/, 'unsupported-model');
});

test('names the missing tensor, and the tensor that a shrunken file lost', () => {
  const path = write(valid);
  const file = openGguf(path);
  try {
    assert.throws(() => file.readRaw('absent'), /has no tensor "absent"/);
    truncateSync(path, 200);
    assert.throws(
      () => file.readRaw('w'),
      (error) => error instanceof HoldfastError && error.message.includes('ends inside tensor "w"'),
    );
  } finally {
    file.close();
  }
});

test('an absent file and a folder are refused with their own codes', () => {
  const code = (file: string): string | undefined => {
    try {
      openGguf(file).close();
      return undefined;
    } catch (error) {
      return error instanceof HoldfastError ? error.code : String(error);
    }
  };
  assert.equal(code(path.join(folder, 'absent.gguf')), 'model-not-found');
  assert.equal(code(folder), 'file-unreadable');
});

test('whatever is damaged, opening and reading either works or fails as an expected failure', () => {
  const bytes = writeGguf(valid);
  const damage = fc.record({
    length: fc.integer({ min: 0, max: bytes.length }),
    changes: fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
  });
  let refused = 0;
  fc.assert(
    fc.property(damage, ({ length, changes }) => {
      const damaged = Buffer.from(bytes);
      for (const [at, value] of changes) damaged[at] = value;
      try {
        withGguf(damaged.subarray(0, length), (file) => {
          for (const [name, info] of file.tensors) assert.equal(file.readRaw(name).length, info.byteLength);
        });
      } catch (error) {
        assert.ok(error instanceof HoldfastError, String(error));
        refused++;
      }
    }),
    { seed: 3, numRuns: 400 },
  );
  assert.ok(refused > 100);
});

test('reads runs of rows, and refuses rows that the tensor does not have', () => {
  withGguf(valid, (file) => {
    const { shape, byteLength } = file.tensors.get('w')!;
    const perRow = byteLength / shape[0]!;
    const rows = new Uint8Array(byteLength - perRow);
    file.readRowsInto(rows, 'w', 1);
    assert.deepEqual(rows, file.readRaw('w').subarray(perRow));
    assert.throws(() => file.readRowsInto(rows, 'w', 2), /not whole rows of w/);
    assert.throws(() => file.readRowsInto(new Uint8Array(perRow - 1), 'w', 0), RangeError);
  });
});

test('closing twice is harmless, reading afterwards is a bug that says so', () => {
  const file = openGguf(write({ ...valid, metadata: [['k', Buffer.concat([u32(8), text('v')])]] }));
  file.close();
  file.close();
  assert.throws(() => file.readRaw('w'), /is closed/);
});
