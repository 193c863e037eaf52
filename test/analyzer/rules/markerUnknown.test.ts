import { prompt } from '../../support/reports.ts';
import { testRule } from './ruleTester.ts';

const range = {
  start: { line: 2, character: 0 },
  end: { line: 2, character: 27 },
  offsets: [60, 87] as [number, number],
};

testRule('marker-unknown', {
  fine: [{ name: 'no marker, or only ones that are understood', prompt: prompt() }],
  flagged: [
    {
      name: 'a marker that is not understood',
      prompt: prompt({
        markerProblems: [{ range, message: 'unknown marker "must-hod"', hint: 'Did you mean "must-hold"?' }],
      }),
      expected: ['warning@3'],
    },
  ],
});
