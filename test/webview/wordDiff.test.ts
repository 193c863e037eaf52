import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wordDiff, type DiffPart } from '../../webview/view/wordDiff.ts';

const marked = (parts: readonly DiffPart[]): string[] =>
  parts.filter(({ differs }) => differs).map(({ text }) => text.trim());

test('marks the words that only one answer has', () => {
  const { left, right } = wordDiff("I can't help with that request.", "I can't help with the rules you sent.");
  assert.deepEqual(marked(left), ['that request']);
  assert.deepEqual(marked(right), ['the rules you sent']);
});

test('answers that differ in white space only do not differ', () => {
  const { left, right } = wordDiff('a b\nc', 'a  b c');
  assert.deepEqual([...marked(left), ...marked(right)], []);
});

test('words of any script are compared whole', () => {
  const { right } = wordDiff('Nenne Beträge in Euro. 金額', 'Nenne Betrag in Euro. 金額');
  assert.deepEqual(marked(right), ['Betrag']);
});

test('the parts of each side join to the text that was given, and the unmarked words are the same on both sides', () => {
  const answer = fc
    .array(fc.constantFrom('Ada', 'bank', '.', ' ', '\n', 'euro', "can't", '-', 'é'), { maxLength: 40 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(answer, answer, (a, b) => {
      const { left, right } = wordDiff(a, b);
      const join = (parts: readonly DiffPart[]): string => parts.map(({ text }) => text).join('');
      const kept = (parts: readonly DiffPart[]): string =>
        join(parts.filter(({ differs }) => !differs)).replaceAll(/\s+/g, '');
      assert.equal(join(left), a);
      assert.equal(join(right), b);
      assert.equal(kept(left), kept(right));
    }),
  );
});
