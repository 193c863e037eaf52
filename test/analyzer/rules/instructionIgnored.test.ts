import { grid, prompt } from '../../support/reports.ts';
import { testRule } from './ruleTester.ts';

const held = { verdict: 'held', retention: 0.6, loss: 0.05 } as const;

testRule('instruction-ignored', {
  fine: [
    { name: 'held everywhere', prompt: prompt({ variants: grid(() => ({ instructions: { clause: held } })) }) },
    {
      name: 'evicted is the other rule',
      prompt: prompt({ variants: grid(() => ({ instructions: { clause: { verdict: 'evicted', loss: 1 } } })) }),
    },
  ],
  flagged: [
    {
      name: 'a verdict that stands on loss says likely',
      prompt: prompt({
        variants: grid((policy, ratio) => ({
          instructions: { clause: policy === 'snapkv' && ratio === 0.75 ? { verdict: 'ignored', loss: 0.93 } : held },
        })),
      }),
      expected: ['warning@1'],
    },
    {
      name: 'a verdict without loss stands on behaviour',
      prompt: prompt({
        variants: grid((policy) => ({
          instructions: { clause: policy === 'snapkv' ? { verdict: 'ignored', loss: null } : held },
        })),
      }),
      expected: ['warning@1'],
    },
    {
      name: 'a prescribed answer that becomes far less likely is behaviour, whatever the loss',
      prompt: prompt({
        variants: grid((policy, ratio) => ({
          instructions: {
            clause:
              policy === 'snapkv' && ratio === 0.75
                ? { verdict: 'ignored', loss: 0.4, prescribed: -16 }
                : { ...held, prescribed: -4.3 },
          },
        })),
      }),
      expected: ['warning@1'],
    },
    {
      name: 'where one policy is told by the prescribed answer and another by loss alone, it is likely',
      prompt: prompt({
        variants: grid((policy) => ({
          instructions: {
            clause:
              policy === 'snapkv'
                ? { verdict: 'ignored', loss: 0.9, prescribed: -16 }
                : policy === 'knorm'
                  ? { verdict: 'ignored', loss: 0.9, prescribed: null }
                  : held,
          },
        })),
      }),
      expected: ['warning@1'],
    },
  ],
});
