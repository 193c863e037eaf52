import type { Truncation } from '../../../src/analyzer/report.ts';
import { instruction, prompt } from '../../support/reports.ts';
import { testRule } from './ruleTester.ts';

const at = (line: number, start: number, end: number) => ({
  start: { line, character: 0 },
  end: { line, character: end - start },
  offsets: [start, end] as [number, number],
});
const cut = (changes: Partial<Truncation> = {}): Truncation => ({
  tool: 'Codex',
  unit: 'bytes',
  most: 32_768,
  before: 0,
  size: 41_200,
  range: at(7, 32_768, 32_800),
  ...changes,
});
const before = instruction({ id: 'first', range: at(1, 10, 40) });
const behind = instruction({ id: 'last', range: at(9, 40_000, 40_100) });

testRule('prompt-truncated', {
  fine: [{ name: 'no limit is exceeded', prompt: prompt() }],
  flagged: [
    {
      name: 'instructions stand on both sides of the cut',
      prompt: prompt({ instructions: [before, behind], truncations: [cut()] }),
      expected: ['warning@8'],
    },
    {
      name: 'only blank or unmeasured text is cut',
      prompt: prompt({ instructions: [before], truncations: [cut()] }),
      expected: ['warning@8'],
    },
    {
      name: 'files above leave no room',
      prompt: prompt({
        instructions: [before, behind],
        truncations: [cut({ before: 40_000, size: 900, range: at(0, 0, 7) })],
      }),
      expected: ['error@1'],
    },
    {
      name: 'an instruction goes on over the cut, of a prompt that was not measured',
      prompt: prompt({
        status: 'not-measured',
        statusReason: 'no model',
        instructions: [before, instruction({ range: at(7, 32_000, 33_000) })],
        truncations: [
          cut({ tool: 'Windsurf', unit: 'characters', most: 12_000, size: 12_001, range: at(7, 32_768, 32_769) }),
        ],
      }),
      expected: ['warning@8'],
    },
  ],
});
