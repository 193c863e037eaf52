import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError, type HoldfastErrorCode } from '../../../src/errors.ts';
import { tokenizerFromGguf } from '../../../src/runtime/tokenizer/tokenizerFromGguf.ts';
import type { Tokenizer } from '../../../src/runtime/tokenizer/tokenizer.ts';
import type { GgufValue } from '../../../src/runtime/weights/ggufMetadata.ts';
import { smallVocabulary } from '../../support/vocabulary.ts';

const { tokens, merges, tokenTypes, pre } = smallVocabulary();
const complete: Readonly<Record<string, GgufValue>> = {
  'tokenizer.ggml.model': 'gpt2',
  'tokenizer.ggml.pre': pre,
  'tokenizer.ggml.tokens': tokens,
  'tokenizer.ggml.merges': merges,
  'tokenizer.ggml.token_type': Int32Array.from(tokenTypes),
};

const refused =
  (code: HoldfastErrorCode, ...mentions: string[]) =>
  (error: unknown) =>
    error instanceof HoldfastError &&
    error.code === code &&
    mentions.every((mention) => error.message.includes(mention)) &&
    error.hint !== undefined;

test('the metadata of a byte-level model give its tokenizer', () => {
  const tokenizer = tokenizerFromGguf(new Map(Object.entries(complete)));
  assert.equal(tokenizer.vocabSize, tokens.length);
  assert.deepEqual(Array.from(tokenizer.encode('hello').ids), [tokens.indexOf('hello')]);
});

for (const key of Object.keys(complete)) {
  test(`metadata without ${key} or with another type there are refused by that name`, () => {
    const missing = new Map(Object.entries(complete).filter(([each]) => each !== key));
    assert.throws(() => tokenizerFromGguf(missing), refused('model-format', key));
    const mistyped = new Map<string, GgufValue>([...Object.entries(complete), [key, true]]);
    assert.throws(() => tokenizerFromGguf(mistyped), refused('model-format', key));
  });
}

test('a tokenizer of another kind and unknown word rules are refused by name', () => {
  const withValue = (key: string, value: string) =>
    new Map<string, GgufValue>([...Object.entries(complete), [key, value]]);
  assert.throws(
    () => tokenizerFromGguf(withValue('tokenizer.ggml.model', 'bert')),
    refused('unsupported-model', 'bert'),
  );
  assert.throws(() => tokenizerFromGguf(withValue('tokenizer.ggml.pre', 'x-1')), refused('unsupported-model', 'x-1'));
});

const scored: Readonly<Record<string, GgufValue>> = {
  'tokenizer.ggml.model': 'llama',
  'tokenizer.ggml.tokens': ['<unk>', '<s>', '<|end|>', '▁', 'a', 'b', '▁a', 'ab', '<0x0A>'],
  'tokenizer.ggml.scores': Float32Array.of(0, 0, 0, -9, -9, -9, -1, -2, 0),
  'tokenizer.ggml.token_type': Int32Array.of(2, 3, 4, 1, 1, 1, 1, 1, 6),
  'tokenizer.ggml.bos_token_id': 1,
  'tokenizer.ggml.unknown_token_id': 0,
};
const scoredWith = (changes: Readonly<Record<string, GgufValue>> = {}) =>
  tokenizerFromGguf(new Map(Object.entries({ ...scored, ...changes })));
const ids = (tokenizer: Tokenizer, text: string) => Array.from(tokenizer.encode(text).ids);

test('SentencePiece text gets a space in front and after control tokens, unless the file says no', () => {
  assert.deepEqual(ids(scoredWith(), 'ab<s>a'), [6, 5, 1, 6]);
  assert.deepEqual(ids(scoredWith({ 'tokenizer.ggml.add_space_prefix': false }), 'ab<s>a'), [7, 1, 4]);
});

test('bytes and unknown characters of SentencePiece text keep their offsets', () => {
  const { ids: found, starts, ends } = scoredWith().encode('a\n??a');
  assert.deepEqual(Array.from(found), [6, 8, 0, 4]);
  assert.deepEqual(
    Array.from(starts, (start, i) => [start, ends[i]]),
    [
      [0, 1],
      [1, 2],
      [2, 4],
      [4, 5],
    ],
  );
});

test('a token known to end answers is a control token whatever the file calls it', () => {
  const tokenizer = scoredWith();
  assert.equal(tokenizer.isSpecial(2), true);
  assert.ok(!tokenizer.encode('<|end|>', { plainRanges: [[0, 7]] }).ids.includes(2));
});

test('control tokens of Phi-3 take up the line end after them', () => {
  assert.deepEqual(ids(scoredWith(), '<|end|>\na'), [2, 3, 8, 4]);
  assert.deepEqual(ids(scoredWith({ 'general.architecture': 'phi3' }), '<|end|>\na<s>\na'), [2, 6, 1, 3, 8, 4]);
});

test('a file says whether a conversation begins with BOS; without a word, its kind does', () => {
  assert.equal(scoredWith().bos, '<s>');
  assert.equal(scoredWith({ 'tokenizer.ggml.add_bos_token': false }).bos, undefined);
  const withBos = (changes: Readonly<Record<string, GgufValue>>) =>
    tokenizerFromGguf(new Map(Object.entries({ ...complete, 'tokenizer.ggml.bos_token_id': 0, ...changes }))).bos;
  assert.equal(withBos({}), undefined);
  assert.equal(withBos({ 'tokenizer.ggml.add_bos_token': true }), tokens[0]);
  assert.equal(withBos({ 'tokenizer.ggml.pre': 'llama-bpe' }), tokens[0]);
});
