import assert from 'node:assert/strict';
import { test } from 'node:test';
import { report as reportSchema, type Finding, type InstructionReport } from '../../../src/analyzer/report.ts';
import { runRules, suppressedFindings } from '../../../src/analyzer/rules/index.ts';
import { text } from '../../../src/analyzer/formats/text.ts';
import { grid, instruction, prompt, report, testSettings } from '../../support/reports.ts';

const evicted = { verdict: 'evicted', retention: 0, loss: 1 } as const;
const ignored = { verdict: 'ignored', retention: 0.5, loss: 0.9 } as const;

const promptWith = (own: Partial<InstructionReport>, verdict: typeof evicted | typeof ignored, leak?: number) =>
  prompt({
    instructions: [instruction(own)],
    variants: grid(() => ({ instructions: { clause: verdict }, ...(leak === undefined ? {} : { leak }) })),
  });
const named = (findings: readonly Finding[]): string[] => findings.map(({ rule, severity }) => `${rule} ${severity}`);

test('losing what must hold is an error, and a warning where that is only likely', () => {
  const severityOf = (own: Partial<InstructionReport>, verdict: typeof evicted | typeof ignored): string[] =>
    named(runRules(promptWith(own, verdict), testSettings));
  assert.deepEqual(severityOf({}, evicted), ['instruction-evicted warning']);
  assert.deepEqual(severityOf({ mustHold: true }, evicted), ['instruction-evicted error']);
  assert.deepEqual(severityOf({ mustHold: true }, ignored), ['instruction-ignored warning']);
});

test('a rule disabled for an instruction is suppressed there, and counted', () => {
  const marked = promptWith({ suppressedRules: ['instruction-evicted'] }, evicted);
  assert.deepEqual(runRules(marked, testSettings), []);
  assert.deepEqual(named(suppressedFindings(marked, testSettings)), ['instruction-evicted warning']);
});

test('a leak is suppressed wherever the prompt disables it', () => {
  const leaking = promptWith({}, { ...evicted }, 0.9);
  assert.ok(named(runRules(leaking, testSettings)).includes('prompt-leak error'));
  const marked = { ...leaking, suppressedRules: ['prompt-leak'] };
  assert.deepEqual(named(suppressedFindings(marked, testSettings)), ['prompt-leak error']);
  assert.deepEqual(named(runRules(marked, testSettings)), ['instruction-evicted warning']);
});

test('the report holds suppressed findings apart, and the text says how many', () => {
  const value = report([promptWith({ suppressedRules: ['instruction-evicted'] }, evicted)]);
  assert.equal(reportSchema.parse(value).suppressed.length, 1);
  assert.deepEqual(value.findings, []);
  assert.match(text.render(value), /No findings, and 1 suppressed by a marker/);
  assert.match(text.render(value), /1 finding suppressed by a marker: instruction-evicted at line \d+\./);
  assert.match(text.render(report([prompt({ ignored: 2 })])), /2 instructions ignored by a marker/);
});
