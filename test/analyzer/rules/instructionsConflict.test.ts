import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRules, suppressedFindings } from '../../../src/analyzer/rules/index.ts';
import { instruction, onLine, prompt, testSettings } from '../../support/reports.ts';
import { testRule } from './ruleTester.ts';

const long = instruction({ id: 'long', kind: 'format', text: 'Answer with at least 300 words.', range: onLine(3) });
const short = instruction({ id: 'short', kind: 'format', text: 'Use fewer than 100 words.', range: onLine(6) });
const conflict = {
  instructions: ['long', 'short'] as [string, string],
  asks: ['has at least 300 words', 'has less than 100 words'] as [string, string],
};
const conflicting = (certain: boolean) =>
  prompt({ instructions: [long, short], conflicts: [{ ...conflict, certain }] });

testRule('instructions-conflict', {
  fine: [{ name: 'instructions without a known conflict', prompt: prompt({ instructions: [long, short] }) }],
  flagged: [
    { name: 'no response can obey both', prompt: conflicting(true), expected: ['warning@7'] },
    { name: 'hardly any response obeys both', prompt: conflicting(false), expected: ['information@7'] },
  ],
});

test('the finding stands at the later instruction and points to the other', () => {
  const [finding] = runRules(conflicting(true), testSettings);
  assert.equal(finding?.instruction, 'short');
  assert.deepEqual(finding.related, [{ range: long.range, message: 'The other instruction: has at least 300 words.' }]);
});

test('a marker on the later instruction suppresses it', () => {
  const marked = {
    ...conflicting(true),
    instructions: [long, { ...short, suppressedRules: ['instructions-conflict'] }],
  };
  assert.deepEqual(runRules(marked, testSettings), []);
  assert.equal(suppressedFindings(marked, testSettings).length, 1);
});
