import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FactReport, PromptReport, VariantFact } from '../../../src/analyzer/report.ts';
import { rule, runRules, suppressedFindings } from '../../../src/analyzer/rules/index.ts';
import { grid, instruction, onLine, prompt, testSettings } from '../../support/reports.ts';
import { testRule } from './ruleTester.ts';

const hours: FactReport = {
  id: 'hours',
  kind: 'hours',
  text: '7:00 to 10:30',
  range: onLine(4, 20, 33),
  leadIn: 'Breakfast is from ',
  instruction: null,
  full: { logProb: -0.2, outcome: 'stated', said: '7:00 to 10:30' },
};

type Made = Omit<VariantFact, 'id'>;
const stated: Made = { logProb: -0.5, outcome: 'stated', said: '7:00 to 10:30', lost: false };
const wrong: Made = { logProb: -9.14, outcome: 'other', said: '8:00 to 12:00', lost: true };
const missing: Made = { logProb: -12, outcome: 'none', said: 'the morning', lost: true };
const near: Made = { logProb: -1.2, outcome: 'other', said: '7:00 to 10:00', lost: false };

function asked(cells: (policy: string, ratio: number) => Made | undefined, fact: FactReport = hours): PromptReport {
  return prompt({
    facts: [fact],
    variants: grid(() => ({})).map((variant) => {
      const made = cells(variant.policy, variant.ratio);
      return made === undefined ? variant : { ...variant, facts: [{ id: fact.id, ...made }] };
    }),
  });
}

const partly = asked((policy, ratio) => (policy === 'streaming-llm' ? wrong : ratio === 0.75 ? near : stated));

testRule('context-lost', {
  fine: [
    { name: 'every variant states the fact', prompt: asked(() => stated) },
    { name: 'another answer that is nearly as likely', prompt: asked(() => near) },
    {
      name: 'the full cache does not state it',
      prompt: asked(() => undefined, { ...hours, full: { logProb: -9, outcome: 'other', said: '9:00 to 11:00' } }),
    },
    { name: 'no variant was asked', prompt: asked(() => undefined) },
    { name: 'a prompt without facts', prompt: prompt({ variants: grid(() => ({})) }) },
  ],
  flagged: [
    { name: 'another value under one policy', prompt: partly, expected: ['warning@5'] },
    {
      name: 'no value, and not measured elsewhere',
      prompt: asked((policy, ratio) =>
        policy === 'snapkv' && ratio === 0.75 ? missing : policy === 'knorm' ? stated : undefined,
      ),
      expected: ['warning@5'],
    },
    {
      name: 'no value at a low ratio and another one at a high ratio',
      prompt: asked((_, ratio) => (ratio === 0.5 ? missing : wrong)),
      expected: ['warning@5'],
    },
  ],
});

test('context-lost evidence names the breaking ratio, and as policies that state it only those measured throughout', () => {
  const [finding] = rule('context-lost').check(partly, testSettings);
  assert.deepEqual(finding?.evidence.breaking, [{ policy: 'streaming-llm', ratio: 0.5 }]);
  assert.deepEqual(finding.evidence.safe, []);
  const [other] = rule('context-lost').check(
    asked((policy) => (policy === 'knorm' ? stated : policy === 'snapkv' ? wrong : undefined)),
    testSettings,
  );
  assert.deepEqual(other?.evidence.safe, ['knorm']);
});

test('what a context-lost message takes from the prompt and from answers is among its quotes', () => {
  const [finding] = rule('context-lost').check(partly, testSettings);
  const without = finding!.quotes!.reduce((message, quote) => message.replaceAll(quote, '...'), finding!.message);
  assert.notEqual(without, finding!.message);
  assert.doesNotMatch(without, /\d:\d\d/);
});

test('a marker on the instruction that states a fact suppresses context-lost, and so does one for the prompt', () => {
  const inInstruction = asked(() => wrong, { ...hours, instruction: 'clause' });
  const marked = (value: PromptReport, changes: Partial<PromptReport>): [number, number] => {
    const changed = { ...value, ...changes };
    const count = (findings: readonly { rule: string }[]): number =>
      findings.filter(({ rule: id }) => id === 'context-lost').length;
    return [count(runRules(changed, testSettings)), count(suppressedFindings(changed, testSettings))];
  };
  assert.deepEqual(marked(inInstruction, {}), [1, 0]);
  assert.deepEqual(
    marked(inInstruction, { instructions: [instruction({ suppressedRules: ['context-lost'] })] }),
    [0, 1],
  );
  assert.deepEqual(
    marked(
      asked(() => wrong),
      { suppressedRules: ['context-lost'] },
    ),
    [0, 1],
  );
});
