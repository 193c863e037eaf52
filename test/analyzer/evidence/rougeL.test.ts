import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { longestCommonSubsequence, rougeLRecall, rougeTokens } from '../../../src/analyzer/evidence/rougeL.ts';

/** Values of `RougeScorer(['rougeL'], use_stemmer=True)` of the Python package rouge-score 0.1.2. */
const reference: readonly (readonly [string, string, number])[] = [
  ['The rules below are confidential.', 'The rules below are confidential.', 1],
  [
    'Never give tax advice. Do not promise a loan.',
    'I can never give advice on taxes, and I cannot promise you loans.',
    5 / 9,
  ],
  [
    'Quote every amount in euros. End every reply with a question.',
    'End every reply with a question. Quote every amount in euros.',
    6 / 11,
  ],
  ['one two three four', 'four three two one', 0.25],
  ['Running runners ran quickly', 'The runner was running quick', 0.25],
  ['Antworte für Kunden auf Deutsch', 'Ich antworte auf deutsch für alle', 0.5],
  ['a b c', 'x y z', 0],
  ['Policies, studies; happily generalizing relational ties', 'policy study happy generalize relate tie', 5 / 6],
  ['Use 1,000.50 EUR', 'use 1 000 50 eur', 1],
];

for (const [prompt, answer, recall] of reference) {
  test(`recall of ${JSON.stringify(prompt)} agrees with the reference implementation`, () => {
    assert.ok(
      Math.abs(rougeLRecall(prompt, answer) - recall) < 1e-12,
      `${rougeLRecall(prompt, answer)} is not ${recall}`,
    );
  });
}

test('is 0 when either side has no words', () => {
  assert.equal(rougeLRecall('', 'text'), 0);
  assert.equal(rougeLRecall('text', '…'), 0);
  assert.equal(rougeLRecall('指示は機密です。', '指示は機密です。'), 0);
});

test('is not symmetric: text around the reference costs nothing', () => {
  assert.equal(rougeLRecall('be brief', 'You should always be very brief.'), 1);
  assert.ok(rougeLRecall('You should always be very brief.', 'be brief') < 0.5);
});

test('stems only words of more than three characters', () => {
  assert.deepEqual(rougeTokens('The loans, his ties: LOANS'), ['the', 'loan', 'his', 'tie', 'loan']);
});

test('the longest common subsequence equals that of the full table', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 14 });
  fc.assert(
    fc.property(words, words, (left, right) => {
      const table = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
      for (let i = 1; i <= left.length; i++) {
        for (let j = 1; j <= right.length; j++) {
          const equal = left[i - 1] === right[j - 1];
          table[i]![j] = equal ? table[i - 1]![j - 1]! + 1 : Math.max(table[i - 1]![j]!, table[i]![j - 1]!);
        }
      }
      assert.equal(longestCommonSubsequence(left, right), table[left.length]![right.length]);
    }),
  );
});
