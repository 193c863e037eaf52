import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../src/analyzer/report.ts';
import { modelFree } from '../../../src/analyzer/rules/modelFree.ts';
import { ranked } from '../../../src/analyzer/rules/ranked.ts';
import { onLine } from '../../support/reports.ts';

function finding(line: number, changes: Partial<Finding> & { readonly risk?: number }): Finding {
  const { risk = null, ...rest } = changes;
  return {
    rule: 'instruction-evicted',
    severity: 'warning',
    message: `line ${line}`,
    uri: 'system.md',
    range: onLine(line, 0, 10),
    ...modelFree,
    rung: 'retention',
    likely: false,
    evidence: { ...modelFree.evidence, risk },
    ...rest,
  };
}

test('findings are told by severity, then by how likely they show in answers, then in file order', () => {
  const findings = [
    finding(1, { severity: 'information', rung: 'behavior' }),
    finding(2, { risk: 0.3 }),
    finding(3, { risk: 0.8 }),
    finding(4, { rung: 'behavior' }),
    finding(5, { rung: 'behavior', likely: true, risk: 0.5 }),
    finding(6, {}),
    finding(7, { severity: 'error', risk: 0.1 }),
    finding(8, { risk: 0.3 }),
  ];
  assert.deepEqual(
    ranked(findings).map(({ range }) => range.start.line),
    [7, 4, 3, 5, 2, 8, 6, 1],
  );
});
