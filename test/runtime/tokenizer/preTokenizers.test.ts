import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../../../src/errors.ts';
import { AlignedText } from '../../../src/runtime/tokenizer/alignedText.ts';
import { preTokenizerNames, splittingRules } from '../../../src/runtime/tokenizer/preTokenizers.ts';

const split = (name: string, text: string) =>
  splittingRules(name)
    .preTokenizer(AlignedText.unchanged(text))
    .map((word) => word.text);

// One line per family: what its rules do where they differ.
const cases: readonly (readonly [name: string, text: string, words: readonly string[]])[] = [
  ['gpt-2', "I'm 1234 OK'S\n\n12", ['I', "'m", ' 1234', ' OK', "'", 'S', '\n', '\n', '12']],
  ['smollm', "I'm 1234\n\n12 x²", ['I', "'m", ' ', '1', '2', '3', '4', '\n\n', '1', '2', ' x', '²']],
  ['llama-bpe', "I'M 12345?!\n\n  go", ['I', "'M", ' ', '123', '45', '?!\n\n', ' ', ' go']],
  ['dbrx', '(go)', ['(go', ')']],
  ['qwen2', "We'LL pay 12\n x", ['We', "'LL", ' pay', ' ', '1', '2', '\n', ' x']],
  ['qwen35', 'cafe\u0301 नमस्ते', ['cafe\u0301', ' नमस्ते']],
  ['tekken', 'HelloWorld 12/\n', ['Hello', 'World', ' ', '1', '2', '/\n']],
  ['gpt-4o', "myVar don't 12345", ['my', 'Var', " don't", ' ', '123', '45']],
  ['deepseek-v3', '中文abc.x ! 1234', ['中文', 'abc', '.x', ' !', ' ', '123', '4']],
];

for (const [name, text, words] of cases) {
  test(`${name} splits ${JSON.stringify(text)} as the model was trained`, () => {
    assert.deepEqual(split(name, text), words);
  });
}

test('white space is Unicode White_Space: U+0085 is, U+FEFF is not', () => {
  assert.deepEqual(split('gpt-2', 'a \u0085b'), ['a', ' ', '\u0085', 'b']);
  assert.deepEqual(split('gpt-2', 'a\uFEFF!b'), ['a', '\uFEFF!', 'b']);
});

test('every name splits any text without losing or reordering anything', () => {
  fc.assert(
    fc.property(fc.constantFrom(...preTokenizerNames), fc.string({ unit: 'binary', maxLength: 40 }), (name, text) => {
      const words = split(name, text);
      assert.equal(words.join(''), text);
      assert.ok(words.every((word) => word !== ''));
    }),
    { numRuns: 500 },
  );
});

test('an unknown name is refused, with the known ones in the hint', () => {
  assert.throws(
    () => splittingRules('klingon'),
    (error) =>
      error instanceof HoldfastError &&
      error.code === 'unsupported-model' &&
      error.message.includes('"klingon"') &&
      preTokenizerNames.every((name) => error.hint!.includes(name)),
  );
});
