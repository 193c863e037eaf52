import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../../../src/errors.ts';
import { createByteLevelBpe } from '../../../src/runtime/tokenizer/byteLevelBpe.ts';
import type { Encoding, Tokenizer } from '../../../src/runtime/tokenizer/tokenizer.ts';
import { tokenizerFromGguf } from '../../../src/runtime/tokenizer/tokenizerFromGguf.ts';
import { openGguf } from '../../../src/runtime/weights/gguf.ts';
import { defaultModelPath, needsModel } from '../../support/model.ts';
import { bytesWithoutToken, smallVocabulary } from '../../support/vocabulary.ts';

const source = smallVocabulary();
const small = createByteLevelBpe(source);

const pieces = ({ ids }: Encoding) => Array.from(ids, (id) => source.tokens[id]);
const offsets = ({ starts, ends }: Encoding) => Array.from(starts, (start, i) => [start, ends[i]]);

test('merges run in order of rank, and a leading space belongs to the token', () => {
  const encoding = small.encode('hello world');
  assert.deepEqual(pieces(encoding), ['hello', 'Ġworld']);
  assert.deepEqual(offsets(encoding), [
    [0, 5],
    [5, 11],
  ]);
});

test('equal pairs merge from the left', () => {
  assert.deepEqual(pieces(small.encode('aaaaa')), ['aa', 'aa', 'a']);
});

test('the parts of one character all carry its offsets, in UTF-16 units', () => {
  const encoding = small.encode('x😀ö');
  assert.deepEqual(pieces(encoding), ['x', 'ðŁ', 'ĺ', 'Ģ', 'Ã¶']);
  assert.deepEqual(offsets(encoding), [
    [0, 1],
    [1, 3],
    [1, 3],
    [1, 3],
    [3, 4],
  ]);
});

test('combining marks, CRLF and a byte order mark come back unchanged', () => {
  for (const text of ['cafe\u0301', 'one\r\ntwo\r\n', '\uFEFFhello \uFEFF', '👩‍👩‍👧‍👦', '\u2028\u0085\u00a0']) {
    assert.equal(small.decode(small.encode(text).ids), text);
  }
});

test('a lone surrogate is read as U+FFFD and covers one UTF-16 unit', () => {
  const encoding = small.encode('a\uD83Db');
  assert.equal(small.decode(encoding.ids), 'a\uFFFDb');
  assert.deepEqual(offsets(encoding), [
    [0, 1],
    [1, 2],
    [1, 2],
    [1, 2],
    [2, 3],
  ]);
});

test('bytes that are not UTF-8 decode to U+FFFD', () => {
  assert.equal(small.decode(small.encode('😀').ids.slice(0, 2)), '\uFFFD');
});

test('a character without token is left out and belongs to the token before it', () => {
  const encoding = small.encode('a\u0004b');
  assert.deepEqual(pieces(encoding), ['a', 'b']);
  assert.deepEqual(offsets(encoding), [
    [0, 2],
    [2, 3],
  ]);
});

test('a leading character without token belongs to the token after it', () => {
  assert.deepEqual(offsets(small.encode('\u0004ab')), [
    [0, 2],
    [2, 3],
  ]);
  assert.deepEqual(offsets(small.encode('\u0004<|im_end|>')), [[0, 11]]);
  assert.deepEqual(offsets(small.encode('<|im_end|>\u0004a')), [
    [0, 10],
    [10, 12],
  ]);
});

test('characters without token alone between control tokens belong to the one before', () => {
  assert.deepEqual(offsets(small.encode('<|im_end|>\u0004<|im_end|>')), [
    [0, 11],
    [11, 21],
  ]);
  assert.equal(small.encode('\u0004').ids.length, 0);
});

test('a character of which one byte has no token keeps its other bytes, with its offsets', () => {
  const encoding = small.encode('a\u{40000}'); // F1 80 80 80
  assert.deepEqual(pieces(encoding), ['a', 'Ģ', 'Ģ', 'Ģ']);
  assert.deepEqual(offsets(encoding).slice(1), [
    [1, 3],
    [1, 3],
    [1, 3],
  ]);
});

test('control tokens are recognised, the longest first, and left out of text on request', () => {
  const encoding = small.encode('<|im_start|>hello<|im_end|>!<|im_end|>');
  assert.deepEqual(pieces(encoding), ['<|im_start|>', 'hello', '<|im_end|>!', '<|im_end|>']);
  assert.equal(small.decode(encoding.ids), '<|im_start|>hello<|im_end|>!<|im_end|>');
  assert.equal(small.decode(encoding.ids, { skipSpecial: true }), 'hello');
});

test('a look-alike inside a plain range stays text, one outside does not', () => {
  const text = '<|im_end|>x<|im_end|>';
  const { ids } = small.encode(text, { plainRanges: [[11, 21]] });
  assert.equal(ids[0], small.idOf('<|im_end|>'));
  assert.ok(ids.slice(1).every((id) => !small.isSpecial(id)));
  assert.equal(small.decode(ids), text);
});

test('a look-alike that begins in the template and ends in the prompt stays text', () => {
  const { ids } = small.encode('<|im_end|>', { plainRanges: [[5, 10]] });
  assert.ok(ids.every((id) => !small.isSpecial(id)));
});

test('where the longest control token would reach into a plain range, a shorter one before it is recognised', () => {
  const { ids } = small.encode('<|im_end|>!', { plainRanges: [[10, 11]] });
  assert.deepEqual(Array.from(ids), [small.idOf('<|im_end|>'), small.idOf('!')]);
});

test('a plain range is no cut: words run across its edges', () => {
  assert.deepEqual(pieces(small.encode('hello', { plainRanges: [[2, 4]] })), ['hello']);
});

test('a run of spaces that is an added token is ordinary text, recognised in plain ranges too', () => {
  assert.deepEqual(pieces(small.encode('a   b', { plainRanges: [[0, 5]] })), ['a', '   ', 'b']);
});

test('no merge of ordinary text makes a control token', () => {
  const tokens = [...source.tokens];
  const type = Array.from(source.tokenTypes);
  const id = tokens.indexOf('hell');
  type[id] = 3;
  const tokenizer = createByteLevelBpe({ ...source, tokenTypes: type, merges: source.merges.slice(0, 3) });
  assert.equal(tokenizer.isSpecial(id), true);
  assert.deepEqual(
    Array.from(tokenizer.encode('hell', { plainRanges: [[0, 4]] }).ids, (each) => tokens[each]),
    ['he', 'll'],
  );
});

test('llama-bpe takes a word of the vocabulary whole where merging would not reach it', () => {
  const tokens = [...source.tokens, 'abc'];
  const tokenTypes = [...Array.from(source.tokenTypes), 1];
  const merging = createByteLevelBpe({ ...source, tokens, tokenTypes, pre: 'dbrx' });
  const whole = createByteLevelBpe({ ...source, tokens, tokenTypes, pre: 'llama-bpe' });
  assert.equal(merging.encode('abc').ids.length, 3);
  assert.deepEqual(offsets(whole.encode('abc abc')), [
    [0, 3],
    [3, 4],
    [4, 5],
    [5, 6],
    [6, 7],
  ]);
});

test('an id outside the vocabulary is refused', () => {
  assert.throws(() => small.decode([source.tokens.length]), RangeError);
  assert.throws(() => small.decode([-1]), RangeError);
});

test('data that do not fit together are refused as a damaged model', () => {
  const damaged = (error: unknown) => error instanceof HoldfastError && error.code === 'model-format';
  assert.throws(() => createByteLevelBpe(smallVocabulary({ tokenTypes: [1] })), damaged);
  assert.throws(() => createByteLevelBpe(smallVocabulary({ merges: ['q z'] })), damaged);
  assert.throws(() => createByteLevelBpe(smallVocabulary({ merges: ['qz'] })), damaged);
});

/** Text in which the interesting cases are frequent. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'hello',
        ' world',
        'aaa',
        '<|im_end|>',
        '<|im_',
        'end|>',
        '\u0004',
        '\r\n',
        '7',
        '  ',
        '\uD800',
        '\u{40000}',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

function assertCovered(text: string, { ids, starts, ends }: Encoding): void {
  if (ids.length === 0) return;
  let covered = 0;
  for (let i = 0; i < ids.length; i++) {
    assert.ok(starts[i]! <= covered && starts[i]! < ends[i]!, `gap or empty token at ${i} of ${JSON.stringify(text)}`);
    if (i > 0) assert.ok(starts[i]! >= starts[i - 1]! && ends[i]! >= ends[i - 1]!);
    covered = ends[i]!;
  }
  assert.equal(starts[0], 0);
  assert.equal(covered, text.length);
}

const withoutToken = (text: string, missing: readonly number[]) => {
  const bytes = Buffer.from(text, 'utf8').filter((byte) => !missing.includes(byte));
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
};

function assertProperties(tokenizer: Tokenizer, missing: readonly number[], runs: number): void {
  fc.assert(
    fc.property(texts, fc.nat(60), fc.nat(60), (text, from, length) => {
      for (const plainRanges of [[], [[0, text.length]], [[from, from + length]]] as [number, number][][]) {
        const encoding = tokenizer.encode(text, { plainRanges });
        assertCovered(text, encoding);
        assert.equal(tokenizer.decode(encoding.ids), withoutToken(text, missing));
        encoding.ids.forEach((id, i) => {
          if (!tokenizer.isSpecial(id)) return;
          const overlaps = plainRanges.some(([a, b]) => encoding.starts[i]! < b && a < encoding.ends[i]!);
          // A character without token may lengthen a control token's range into the plain one.
          assert.ok(!overlaps || missing.some((byte) => Buffer.from(text).includes(byte)));
        });
      }
    }),
    { numRuns: runs },
  );
}

test('offsets cover any text, decoding gives it back, and plain ranges have no control token', () => {
  assertProperties(small, bytesWithoutToken, 500);
});

test('the same holds for the default model', needsModel(), () => {
  const gguf = openGguf(defaultModelPath()!);
  try {
    const real = tokenizerFromGguf(gguf.metadata);
    const missing = [4, 6, 19, 20, 22, 29, 192, 193, 241, 242, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255];
    assertProperties(real, missing, 300);
  } finally {
    gguf.close();
  }
});
