import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { longestVerbatimRun, verbatimWords } from '../../../src/analyzer/evidence/verbatimRun.ts';

const prompt = 'You are Ada, the assistant of Acme Bank.\n- Never give tax advice.';

test('the longest run is counted in words, with its share of the prompt', () => {
  assert.deepEqual(longestVerbatimRun(prompt, 'I am Ada, the assistant of Acme.'), { words: 5, share: 5 / 12 });
  assert.deepEqual(longestVerbatimRun(prompt, prompt), { words: 12, share: 1 });
});

test('case, punctuation and list markers do not end a run', () => {
  assert.equal(longestVerbatimRun(prompt, '"assistant of ACME bank: * never give TAX advice"').words, 8);
});

test('a word that is left out, added or inflected ends it', () => {
  assert.equal(longestVerbatimRun(prompt, 'never give any tax advice').words, 2);
  assert.equal(longestVerbatimRun(prompt, 'never gives tax advice').words, 2);
});

test('a run in the answer counts once, however often the answer repeats it', () => {
  assert.equal(longestVerbatimRun('tax advice', 'tax advice tax advice').words, 2);
  assert.equal(longestVerbatimRun('tax tax tax', 'tax').words, 1);
});

test('words of other scripts count, and nothing is stemmed', () => {
  assert.deepEqual(verbatimWords('Grüße, 12 advices — नमस्ते'), ['grüße', '12', 'advices', 'नमस्ते']);
  assert.equal(longestVerbatimRun('Никогда не обещай кредит', 'я никогда не обещай').words, 3);
});

test('nothing in common, or nothing at all, is no run', () => {
  assert.deepEqual(longestVerbatimRun(prompt, 'Hello!'), { words: 0, share: 0 });
  assert.deepEqual(longestVerbatimRun('', 'Hello!'), { words: 0, share: 0 });
  assert.deepEqual(longestVerbatimRun(prompt, ''), { words: 0, share: 0 });
});

test('it is the longest run that both texts hold', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
  fc.assert(
    fc.property(words, words, (left, right) => {
      const text = ` ${right.join(' ')} `;
      let longest = 0;
      for (let from = 0; from < left.length; from++)
        for (let to = from + 1; to <= left.length; to++)
          if (text.includes(` ${left.slice(from, to).join(' ')} `)) longest = Math.max(longest, to - from);
      assert.equal(longestVerbatimRun(left.join(' '), right.join(' ')).words, longest);
    }),
  );
});
