import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { HoldfastError, type HoldfastErrorCode } from '../../../src/errors.ts';
import { tokenizerFromFolder } from '../../../src/runtime/tokenizer/tokenizerFromFolder.ts';
import { committedFixture, readJson } from '../../support/fixtures.ts';
import { withFolder } from '../../support/folders.ts';

const { tokenizer: json } = readJson<{ tokenizer: Record<string, unknown> }>(
  committedFixture('tokenizer', 'pipeline-llama3.json'),
);
const model = readFileSync(committedFixture('tokenizer', 'sentencepiece-llama.model'));

const refused =
  (code: HoldfastErrorCode, ...mentions: readonly (string | RegExp)[]) =>
  (error: unknown) =>
    error instanceof HoldfastError &&
    error.code === code &&
    error.hint !== undefined &&
    mentions.every((mention) =>
      typeof mention === 'string' ? error.message.includes(mention) : mention.test(error.message),
    );

const loading = (files: Readonly<Record<string, unknown>>) => () => withFolder(files, tokenizerFromFolder);
/** A tokenizer.json with one part replaced. */
const changed = (part: string, value: unknown) => loading({ 'tokenizer.json': { ...json, [part]: value } });
const bpe = json.model as Record<string, unknown>;

test('a folder gives its tokenizer.json, before its SentencePiece model', () => {
  const tokenizer = loading({ 'tokenizer.json': json, 'tokenizer.model': model })();
  assert.equal(tokenizer.idOf('Ġ'), (bpe.vocab as Record<string, number>)['Ġ']);
  assert.equal(tokenizer.idOf('▁'), undefined);
});

test('a folder with only a SentencePiece model gives that', () => {
  const tokenizer = loading({ 'tokenizer.model': model, 'tokenizer_config.json': { bos_token: '<s>' } })();
  assert.equal(tokenizer.bos, '<s>');
  assert.equal(tokenizer.decode(tokenizer.encode('the bank').ids), 'the bank');
});

test('the configuration decides about BOS where it says so, else the post-processor', () => {
  const bos = (config: unknown) => loading({ 'tokenizer.json': json, 'tokenizer_config.json': config })().bos;
  assert.equal(bos({}), '<|end|>');
  assert.equal(bos({ add_bos_token: false, bos_token: '<s>' }), undefined);
  assert.equal(bos({ add_bos_token: true, bos_token: '<s>' }), '<|end|>');
  const bare = { ...json, post_processor: null };
  assert.equal(
    loading({
      'tokenizer.json': bare,
      'tokenizer_config.json': { add_bos_token: true, bos_token: { content: '<s>' } },
    })().bos,
    '<s>',
  );
});

test('a folder without a tokenizer is refused, with what can be done', () => {
  assert.throws(
    loading({ 'vocab.json': {} }),
    refused('model-format', /neither a tokenizer.json nor a tokenizer.model/),
  );
});

test('what is not known is refused by its name', () => {
  const unsupported = (...mentions: string[]) => refused('unsupported-model', ...mentions);
  assert.throws(changed('model', { ...bpe, type: 'Unigram' }), unsupported('"Unigram"'));
  assert.throws(changed('model', { ...bpe, end_of_word_suffix: '</w>' }), unsupported('end_of_word_suffix'));
  assert.throws(changed('model', { ...bpe, dropout: 0.1 }), unsupported('dropout'));
  assert.throws(changed('normalizer', { type: 'NFKC' }), unsupported('"NFKC"'));
  assert.throws(
    changed('normalizer', { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] }),
    unsupported('"Lowercase"'),
  );
  assert.throws(
    changed('normalizer', { type: 'Replace', pattern: { Regex: 'a*' }, content: 'b' }),
    unsupported('nothing'),
  );
  assert.throws(changed('pre_tokenizer', { type: 'BertPreTokenizer' }), unsupported('"BertPreTokenizer"'));
  const split = { type: 'Split', pattern: { Regex: '\\w+' }, behavior: 'Isolated' };
  assert.throws(changed('pre_tokenizer', split), unsupported('\\\\w'));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false };
  assert.throws(
    changed('pre_tokenizer', { type: 'Sequence', pretokenizers: [byteLevel, { type: 'Digits' }] }),
    unsupported('after spelling them in bytes'),
  );
  assert.throws(changed('decoder', { type: 'WordPiece' }), unsupported('"WordPiece"'));
  assert.throws(changed('post_processor', { type: 'BertProcessing' }), unsupported('"BertProcessing"'));
});

test('a damaged tokenizer.json is refused, and says where', () => {
  assert.throws(loading({ 'tokenizer.json': '{"model": ' }), refused('model-format', 'tokenizer.json'));
  assert.throws(loading({ 'tokenizer.json': [] }), refused('model-format', 'tokenizer.json'));
  assert.throws(changed('added_tokens', [{ id: -1, content: 'x' }]), refused('model-format', 'added_tokens'));
  assert.throws(changed('added_tokens', [{ id: 1e9, content: 'x' }]), refused('model-format', '1000000000'));
  assert.throws(changed('model', { ...bpe, vocab: { a: 'b' } }), refused('model-format', /vocab/));
  assert.throws(changed('model', { ...bpe, merges: [['a']] }), refused('model-format', /merges/));
  assert.throws(changed('model', { ...bpe, merges: ['q z'] }), refused('model-format', '"q z"'));
  assert.throws(changed('model', { ...bpe, unk_token: '<none>' }), refused('model-format', '<none>'));
  const split = { type: 'Split', pattern: { Regex: 'a' }, behavior: 'Sideways' };
  assert.throws(changed('pre_tokenizer', split), refused('model-format', 'Split', 'behavior'));
});

test('a damaged SentencePiece model is refused, and one that normalises text', () => {
  assert.throws(loading({ 'tokenizer.model': model.subarray(0, 1000) }), refused('model-format', 'tokenizer.model'));
  assert.throws(loading({ 'tokenizer.model': Buffer.from('no protobuf') }), refused('model-format', 'tokenizer.model'));
  assert.throws(loading({ 'tokenizer.model': Buffer.alloc(0) }), refused('model-format', 'no pieces'));
  // A normalizer_spec with a character map, and one that removes white space: later fields override earlier ones.
  const field = (...bytes: number[]) => Buffer.concat([model, Buffer.from([0x1a, bytes.length, ...bytes])]);
  assert.throws(loading({ 'tokenizer.model': field(0x12, 1, 7) }), refused('unsupported-model', 'normalises'));
  assert.throws(loading({ 'tokenizer.model': field(0x20, 1) }), refused('unsupported-model', 'white space'));
  const trainer = Buffer.concat([model, Buffer.from([0x12, 2, 0x18, 1])]);
  assert.throws(loading({ 'tokenizer.model': trainer }), refused('unsupported-model', 'byte-pair'));
});
