import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlignedText } from '../../../src/runtime/tokenizer/alignedText.ts';
import { splitSequence, splitter, type SplitBehavior } from '../../../src/runtime/tokenizer/splitting.ts';

const split = (behavior: SplitBehavior, invert = false, pattern = /-/g, text = '-the--end-') =>
  splitter(pattern, behavior, invert)(AlignedText.unchanged(text)).map((word) => word.text);

// The words that the tokenizers library documents for "the-final--countdown", with hyphens at both ends.
const cases: readonly (readonly [SplitBehavior, readonly string[]])[] = [
  ['isolated', ['-', 'the', '-', '-', 'end', '-']],
  ['removed', ['the', 'end']],
  ['contiguous', ['-', 'the', '--', 'end', '-']],
  ['merged-with-previous', ['-', 'the-', '-', 'end-']],
  ['merged-with-next', ['-the', '-', '-end', '-']],
];
for (const [behavior, words] of cases) {
  test(`a split can be ${behavior}`, () => assert.deepEqual(split(behavior), words));
}

test('an inverted split matches what the pattern does not', () => {
  assert.deepEqual(split('removed', true), ['-', '-', '-', '-']);
  assert.deepEqual(split('merged-with-next', true), ['-', 'the-', '-', 'end-']);
});

test('an empty match is a cut', () => {
  assert.deepEqual(split('isolated', false, /(?=b)/g, 'abab'), ['a', 'ba', 'b']);
});

test('words know where they stand in the text, through several splits', () => {
  const words = splitSequence([splitter(/ /g, 'removed'), splitter(/b/g, 'isolated')])(
    AlignedText.unchanged('ab cb', 7),
  );
  assert.deepEqual(
    words.map((word) => [word.text, word.startOf(0), word.endOf(0)]),
    [
      ['a', 7, 8],
      ['b', 8, 9],
      ['c', 10, 11],
      ['b', 11, 12],
    ],
  );
});
