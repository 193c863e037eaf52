import type { Finding } from '../report.ts';

/** What a finding says that rests on the file alone: exact, about a place and not an instruction, without measurements. */
export const modelFree = {
  rung: 'position',
  instruction: null,
  likely: false,
  evidence: {
    breaking: [],
    safe: [],
    influence: null,
    probe: null,
    loss: null,
    risk: null,
    retention: null,
    leak: null,
    fullLeak: null,
  },
} as const satisfies Partial<Finding>;
