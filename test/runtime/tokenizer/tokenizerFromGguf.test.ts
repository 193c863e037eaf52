import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError, type HoldfastErrorCode } from '../../../src/errors.ts';
import { tokenizerFromGguf } from '../../../src/runtime/tokenizer/tokenizerFromGguf.ts';
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
