import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AlignedText } from '../../../src/runtime/tokenizer/alignedText.ts';
import { nfc, prepend, replace, sequence } from '../../../src/runtime/tokenizer/normalizers.ts';

const ranges = (text: AlignedText) => Array.from(text.text, (_, i) => [text.startOf(i), text.endOf(i)]);

test('a prefix carries the offsets of the first character, and an empty text gets none', () => {
  const text = sequence([prepend('_'), replace(/ /g, '_')])(AlignedText.unchanged('a b', 5));
  assert.equal(text.text, '_a_b');
  assert.deepEqual(ranges(text), [
    [5, 6],
    [5, 6],
    [6, 7],
    [7, 8],
  ]);
  assert.equal(prepend('_')(AlignedText.unchanged('')).text, '');
  const astral = prepend('_')(AlignedText.unchanged('😀'));
  assert.deepEqual([astral.startOf(0), astral.endOf(0)], [0, 2]);
});

test('a replacement of another length carries the whole range of what it replaces', () => {
  const text = replace(/ +/g, '__')(AlignedText.unchanged('a   b'));
  assert.deepEqual(ranges(text), [
    [0, 1],
    [1, 4],
    [1, 4],
    [4, 5],
  ]);
});

test('a composed character carries the offsets of what it is made of', () => {
  const text = nfc(AlignedText.unchanged('xe\u0301y\u1112\u1161\u11ab'));
  assert.equal(text.text, 'xéy한');
  assert.deepEqual(ranges(text), [
    [0, 1],
    [1, 3],
    [3, 4],
    [4, 7],
  ]);
});

/** Texts in which marks, jamo and characters that compose or decompose alone are frequent. */
const marked = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom(
        'e',
        '\u0301',
        '\u0323',
        '\u1112',
        '\u1161',
        '\u11ab',
        '각',
        '\u0958',
        '\u212b',
        '\u09c7',
        '\u09be',
        '😀',
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

test('stretch by stretch, composition gives what it gives for the whole text, and ranges ascend', () => {
  fc.assert(
    fc.property(marked, (source) => {
      const text = nfc(AlignedText.unchanged(source));
      assert.equal(text.text, source.normalize('NFC'));
      let [start, end] = [0, 0];
      for (let i = 0; i < text.text.length; i++) {
        assert.ok(text.startOf(i) >= start && text.endOf(i) >= end && text.startOf(i) < text.endOf(i));
        [start, end] = [text.startOf(i), text.endOf(i)];
      }
    }),
    { numRuns: 1000 },
  );
});
