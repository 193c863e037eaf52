import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/analyzer/rules/index.ts';
import { grid, instruction, prompt, testSettings, variant } from '../../support/reports.ts';
import { testRule } from './ruleTester.ts';

const evicted = { verdict: 'evicted', retention: 0, loss: 1 } as const;
const held = { verdict: 'held', retention: 0.6, loss: 0.05 } as const;

test('evidence.safe leaves out policies that lose the instruction in another way or were not measured throughout', () => {
  const variants = grid((policy) => ({
    instructions: {
      clause: policy === 'snapkv' ? evicted : policy === 'knorm' ? { verdict: 'ignored', loss: 0.9 } : held,
    },
  }));
  const safe = (of: typeof variants): string[] | undefined =>
    [...rule('instruction-evicted').check(prompt({ variants: of }), testSettings)][0]?.evidence.safe;
  assert.deepEqual(safe(variants), ['streaming-llm']);
  assert.deepEqual(safe(variants.filter(({ id }) => id !== 'streaming-llm@0.75')), []);
});

testRule('instruction-evicted', {
  fine: [
    { name: 'held everywhere', prompt: prompt({ variants: grid(() => ({ instructions: { clause: held } })) }) },
    {
      name: 'weakened and ignored are other verdicts',
      prompt: prompt({
        variants: grid((policy) => ({
          instructions: { clause: { verdict: policy === 'knorm' ? 'weakened' : 'ignored', loss: 0.9 } },
        })),
      }),
    },
    { name: 'nothing was measured', prompt: prompt({ status: 'not-measured', variants: [] }) },
  ],
  flagged: [
    {
      name: 'the two breaking ratios of two policies, held by the third',
      prompt: prompt({
        variants: grid((policy, ratio) => ({
          instructions: {
            clause: policy === 'streaming-llm' || (policy === 'snapkv' && ratio === 0.75) ? evicted : held,
          },
        })),
      }),
      expected: ['warning@1'],
    },
    {
      name: 'an instruction without influence is information',
      prompt: prompt({
        instructions: [instruction({ influence: { probe: 'identity', nats: 0.004 }, influences: { identity: 0.004 } })],
        variants: grid((policy) => ({
          instructions: {
            clause: policy === 'snapkv' ? { ...evicted, loss: null } : { verdict: 'inert', retention: 0.5, loss: null },
          },
        })),
      }),
      expected: ['information@1'],
    },
    {
      name: 'an instruction below the floor stays a warning when the answer that it prescribes is lost',
      prompt: prompt({
        instructions: [
          instruction({ influence: { probe: 'extraction', nats: 0.02 }, influences: { extraction: 0.02 } }),
        ],
        variants: grid((policy) => ({
          instructions: {
            clause:
              policy === 'streaming-llm'
                ? { ...evicted, loss: null, prescribed: -24.4 }
                : { verdict: 'held', loss: null, prescribed: -4.3 },
          },
        })),
      }),
      expected: ['warning@1'],
    },
    {
      name: 'a defense below the floor stays a warning when compression alone makes the prompt leak',
      prompt: prompt({
        instructions: [
          instruction({ influence: { probe: 'extraction', nats: 0.02 }, influences: { extraction: 0.02 } }),
        ],
        variants: grid((policy) => ({
          instructions: {
            clause: policy === 'streaming-llm' ? { ...evicted, loss: null } : { verdict: 'inert', loss: null },
          },
          leak: policy === 'streaming-llm' ? 0.81 : 0.1,
        })),
      }),
      expected: ['warning@1'],
    },
    {
      name: 'ignored elsewhere is named and not counted as kept',
      prompt: prompt({
        variants: grid((policy) => ({
          instructions: {
            clause: policy === 'snapkv' ? evicted : policy === 'knorm' ? { verdict: 'ignored', loss: 0.9 } : held,
          },
        })),
      }),
      expected: ['warning@1'],
    },
    {
      name: 'retention evidence only',
      prompt: prompt({
        instructions: [instruction({ influence: null, influences: {} })],
        variants: grid((_, ratio) => ({
          instructions: {
            clause: ratio === 0.75 ? { ...evicted, retention: 0.033, loss: null } : { ...held, loss: null },
          },
        })),
      }),
      expected: ['warning@1'],
    },
    {
      name: 'a gap in the grid is named and never called held',
      prompt: prompt({
        status: 'partial',
        statusReason: 'cancelled',
        variants: [
          variant('streaming-llm', 0.5, { instructions: { clause: evicted } }),
          variant('streaming-llm', 0.75, { instructions: { clause: evicted } }),
          variant('snapkv', 0.5, { instructions: { clause: held } }),
        ],
      }),
      expected: ['warning@1'],
    },
    {
      name: 'weakened elsewhere',
      prompt: prompt({
        variants: grid((policy) => ({
          instructions: {
            clause:
              policy === 'streaming-llm' ? evicted : policy === 'snapkv' ? { verdict: 'weakened', loss: 0.4 } : held,
          },
        })),
      }),
      expected: ['warning@1'],
    },
  ],
});
