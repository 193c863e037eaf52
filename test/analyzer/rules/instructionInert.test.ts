import { grid, instruction, prompt } from '../../support/reports.ts';
import { testRule } from './ruleTester.ts';

const faint = { probe: 'identity', nats: 0.012 };

testRule('instruction-inert', {
  fine: [
    { name: 'influence above the floor', prompt: prompt() },
    {
      name: 'influence not measured',
      prompt: prompt({ instructions: [instruction({ influence: null, influences: {} })] }),
    },
    {
      name: 'a defense that compression alone breaks has an effect, however small its influence',
      prompt: prompt({
        instructions: [instruction({ influence: faint, influences: { identity: 0.012, extraction: 0.01 } })],
        variants: grid(() => ({ instructions: { clause: { verdict: 'inert', loss: null } }, leak: 0.9 })),
      }),
    },
    {
      name: 'a prescribed answer that the full cache gives because of it is an effect, however small its influence',
      prompt: prompt({
        instructions: [instruction({ influence: faint, influences: { identity: 0.012, extraction: 0.01 } })],
        variants: grid(() => ({ instructions: { clause: { verdict: 'held', loss: null, prescribed: -4.3 } } })),
      }),
    },
    {
      name: 'one of two probes measured so far',
      prompt: prompt({ instructions: [instruction({ influence: faint, influences: { identity: 0.012 } })] }),
    },
  ],
  flagged: [
    {
      name: 'below the floor under every probe',
      prompt: prompt({
        instructions: [
          instruction(),
          instruction({
            id: 'faint',
            range: { ...instruction().range, start: { line: 4, character: 0 } },
            influence: faint,
            influences: { identity: 0.012, extraction: 0.001 },
          }),
        ],
      }),
      expected: ['information@5'],
    },
    {
      name: 'the audit judged it inert',
      prompt: prompt({
        instructions: [instruction({ influence: faint, influences: { identity: 0.012 } })],
        variants: grid(() => ({ instructions: { clause: { verdict: 'inert', loss: null } } })),
      }),
      expected: ['information@1'],
    },
  ],
});
