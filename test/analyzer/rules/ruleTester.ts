import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, PromptReport, Severity } from '../../../src/analyzer/report.ts';
import { finding } from '../../../src/analyzer/report.ts';
import { rule as ruleOf, runRules } from '../../../src/analyzer/rules/index.ts';
import type { RuleId } from '../../../src/analyzer/report.ts';
import { testSettings } from '../../support/reports.ts';
import { matchesSnapshot } from '../../support/snapshot.ts';

interface Flagged {
  readonly name: string;
  readonly prompt: PromptReport;
  /** Exactly the findings of this rule, as `severity@line` with one-based lines. */
  readonly expected: readonly `${Severity}@${number}`[];
}

/** Words that claim more than was measured (docs: wording). */
const forbidden = /\bwill be ignored\b|\bsafe(ly)?\b|\bguarantee|\brobust\b|\bunsafe\b/i;

/**
 * The fine and flagged cases of one rule, and a snapshot of what a reader sees. Refuses weak cases: a flagged case
 * without an expected finding, a fine case without anything measured, two cases of one name.
 */
export function testRule(
  id: RuleId,
  cases: { fine: readonly Omit<Flagged, 'expected'>[]; flagged: readonly Flagged[] },
): void {
  const rule = ruleOf(id);
  const names = [...cases.fine, ...cases.flagged].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, `${id}: two cases have the same name`);
  assert.ok(cases.fine.length > 0 && cases.flagged.length > 0, `${id}: needs fine and flagged cases`);
  const check = (prompt: PromptReport): Finding[] => [...rule.check(prompt, testSettings)];

  for (const { name, prompt } of cases.fine) {
    test(`${id} is silent: ${name}`, () => {
      assert.ok(prompt.instructions.length > 0, 'a prompt without instructions proves nothing');
      assert.deepEqual(check(prompt), []);
    });
  }
  for (const { name, prompt, expected } of cases.flagged) {
    test(`${id} reports: ${name}`, () => {
      assert.ok(expected.length > 0, 'a flagged case needs an expected finding');
      const before = structuredClone(prompt);
      const findings = check(prompt);
      assert.deepEqual(prompt, before, 'the rule changed its input');
      assert.deepEqual(
        findings.map(({ severity, range }) => `${severity}@${range.start.line + 1}`),
        expected,
      );
      for (const each of findings) {
        assert.equal(each.rule, id);
        assert.equal(each.uri, prompt.uri);
        assert.doesNotMatch(each.message, forbidden);
        finding.parse(each);
      }
      assert.deepEqual(
        runRules(prompt, testSettings).filter((each) => each.rule === id),
        findings,
        'runRules gives other findings than the rule alone',
      );
    });
  }
  test(`${id}: messages read as committed`, () => {
    const rendered = cases.flagged.flatMap(({ name, prompt }) => [
      `# ${name}`,
      ...check(prompt).map((each) => `${each.severity} ${each.rung}${each.likely ? ' (likely)' : ''}: ${each.message}`),
      '',
    ]);
    matchesSnapshot(`rules/${id}.txt`, rendered.join('\n'));
  });
}
