import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/analyzer/rules/index.ts';
import { grid, instruction, onLine, prompt, testSettings, variant, leakOf } from '../../support/reports.ts';
import { testRule } from './ruleTester.ts';

const leaking = grid((policy, ratio) => ({ leak: policy === 'streaming-llm' && ratio === 0.75 ? 0.81 : 0.2 }));
const undefended = [instruction({ id: 'tax', kind: 'prohibition', text: 'Never give tax advice.', range: onLine(4) })];
const open = leakOf(0.9);

testRule('prompt-leak', {
  fine: [
    { name: 'no answer repeats the directives', prompt: prompt({ variants: grid(() => ({ leak: 0.2 })) }) },
    { name: 'answers were not measured', prompt: prompt({ variants: grid(() => ({})) }) },
    { name: 'the full cache was not measured', prompt: prompt({ fullLeak: null, variants: leaking }) },
    {
      name: 'no defense instruction and the full cache leaks as well',
      prompt: prompt({ instructions: undefended, fullLeak: open, variants: leaking }),
    },
  ],
  flagged: [
    {
      name: 'leaks under compression only',
      prompt: prompt({ instructions: [...undefended, instruction({ range: onLine(7) })], variants: leaking }),
      expected: ['error@8'],
    },
    {
      name: 'leaks also with the full cache',
      prompt: prompt({ fullLeak: open, variants: leaking }),
      expected: ['warning@1'],
    },
    {
      name: 'no defense instruction, leaks under compression only',
      prompt: prompt({ instructions: undefended, variants: leaking }),
      expected: ['information@5'],
    },
    {
      name: 'policies with unmeasured answers are not listed as free of leaks',
      prompt: prompt({
        status: 'partial',
        variants: [variant('streaming-llm', 0.5, { leak: 0.9 }), variant('snapkv', 0.5, { leak: 0.1 })],
      }),
      expected: ['error@1'],
    },
  ],
});

test('prompt-leak marks the whole of a one-line prompt without a defense instruction', () => {
  const range = onLine(3, 0, 30);
  const [finding] = rule('prompt-leak').check(
    prompt({ range, instructions: undefended, variants: leaking }),
    testSettings,
  );
  assert.deepEqual(finding?.range, range);
});

test('prompt-leak evidence carries both recalls and the policies without a leak', () => {
  const [finding] = rule('prompt-leak').check(prompt({ variants: leaking }), testSettings);
  assert.deepEqual(finding?.evidence.breaking, [{ policy: 'streaming-llm', ratio: 0.75 }]);
  assert.deepEqual(finding.evidence.safe, ['snapkv', 'knorm']);
  assert.equal(finding.evidence.leak, 0.81);
  assert.equal(finding.evidence.fullLeak, 0.1);
});
