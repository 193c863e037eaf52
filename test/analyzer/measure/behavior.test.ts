import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audit } from '../../../src/analyzer/audit.ts';
import type { AuditProgress } from '../../../src/analyzer/outcome.ts';
import { report as reportSchema, type PromptReport } from '../../../src/analyzer/report.ts';
import { auditSettings, type AuditSettings } from '../../../src/analyzer/settings.ts';
import { FakeModel, type Script } from '../../support/fakeModel.ts';
import { namedPrompt } from '../../support/prompts.ts';

const text = [
  'You are the assistant of a small shop that sells lamps and other lights.',
  '- Answer every question of the customer in complete sentences.',
  '- Write your entire response in lowercase letters, no capital letters are allowed.',
  '- Never give tax advice to anyone who asks for it.',
].join('\n');

/** A model that obeys the rule about letters while it sees it wholly, in this share of the seeds. */
const obeys =
  (share: (seesRule: boolean) => number): NonNullable<Script['says']> =>
  ({ seen, seed }) => {
    if (seed === undefined) return undefined;
    return (seed % 16) / 16 < share(seen.includes('lowercase')) ? 'all of it is small' : 'All Of It Is Not';
  };

async function audited(says: Script['says'], changes: Partial<AuditSettings> = {}) {
  const model = new FakeModel({ ...(says === undefined ? {} : { says }), matters: () => 0.5 });
  const settings = auditSettings.parse({
    policies: ['streaming-llm', 'knorm'],
    ratios: [0.25, 0.75],
    evidence: 'behavior',
    ...changes,
  });
  const input = { prompt: namedPrompt('system.md', text), fileText: text };
  const stream = audit([input], () => Promise.resolve(model), settings, new AbortController().signal);
  const progress: AuditProgress[] = [];
  for (;;) {
    const next = await stream.next();
    if (next.done !== true) {
      progress.push(next.value);
      continue;
    }
    assert.equal(next.value.status, 'completed', next.value.report.reason ?? '');
    const report = reportSchema.parse(next.value.report);
    return { prompt: report.prompts[0]!, report, progress };
  }
}

const rule = ({ instructions }: PromptReport) => instructions.find((each) => each.text.includes('lowercase'))!;
const lowercase = (prompt: PromptReport) =>
  rule(prompt).checks.find(({ check }) => check === 'change_case:english_lowercase')!;
const cells = (prompt: PromptReport) =>
  prompt.variants.map((variant) => variant.instructions.find(({ id }) => id === rule(prompt).id)!);

describe('sampled answers', () => {
  test('that obey with the instruction and not without it make it effective; a cache that lost it is judged by them', async () => {
    const { prompt, report } = await audited(obeys((seesRule) => (seesRule ? 1 : 0)));
    const check = lowercase(prompt);
    assert.equal(check.status, 'effective');
    assert.deepEqual(check.full, { passed: 16, samples: 16 });
    assert.deepEqual(check.deleted, { passed: 0, samples: 16 });
    const judged = cells(prompt).filter(({ verdict }) => verdict !== 'evicted');
    for (const { checks, verdict, rung } of judged) {
      const [{ survival }] = checks as [(typeof checks)[number]];
      assert.equal(rung, 'behavior');
      assert.equal(verdict, survival.value < 0.5 ? 'ignored' : 'held');
    }
    assert.ok(cells(prompt).some(({ checks }) => checks[0]?.survival.value === 0));
    const ignored = report.findings.filter(({ rule: id }) => id === 'instruction-ignored');
    for (const { likely, rung } of ignored.filter(({ instruction }) => instruction === rule(prompt).id)) {
      assert.deepEqual({ likely, rung }, { likely: false, rung: 'behavior' });
    }
  });

  test('that obey as often without the instruction say nothing about compression, and no cache is sampled', async () => {
    const { prompt } = await audited(obeys(() => 1));
    assert.equal(lowercase(prompt).status, 'not-effective');
    assert.ok(cells(prompt).every(({ checks, rung }) => checks.length === 0 && rung !== 'behavior'));
  });

  test('that seldom obey with the full cache are reported as not followed, and cost no more samples', async () => {
    const { prompt } = await audited(obeys(() => 0.05));
    const check = lowercase(prompt);
    assert.equal(check.status, 'not-followed');
    assert.equal(check.full!.samples, 8);
    assert.equal(check.deleted, null);
  });

  test('stop at the budget: what it does not reach is not measured, and never held', async () => {
    const { prompt } = await audited(
      obeys((seesRule) => (seesRule ? 1 : 0)),
      { sampleBudget: 8 },
    );
    const sampled = cells(prompt).filter(({ checks }) => checks.length > 0);
    assert.equal(sampled.length, 1);
    assert.equal(sampled[0]!.checks[0]!.compressed.samples, 8);
  });

  test('go on where the interval is open, and stop where it decides', async () => {
    const { prompt } = await audited(
      obeys((seesRule) => (seesRule ? 1 : 0)),
      { sampleBudget: 1000 },
    );
    for (const { checks } of cells(prompt)) {
      for (const { compressed, survival } of checks) {
        assert.ok(survival.high < 0.5 || survival.low > 0.5 || compressed.samples === 64, JSON.stringify(survival));
        assert.ok(compressed.samples <= 16, 'all or nothing is decided by few');
      }
    }
  });

  test('are the same for the same seed, whatever the number of caches', async () => {
    const says = obeys((seesRule) => (seesRule ? 0.9 : 0.2));
    const [one, two] = [await audited(says), await audited(says, { policies: ['knorm'] })];
    assert.deepEqual(lowercase(one.prompt), lowercase(two.prompt));
  });

  test('come after everything cheaper, which is shown before', async () => {
    const { progress } = await audited(obeys((seesRule) => (seesRule ? 1 : 0)));
    const first = progress.find(({ phase }) => phase === 'behavior')!;
    assert.ok(first.prompt!.variants.length > 0);
    assert.ok(first.prompt!.instructions.every(({ influence }) => influence !== null));
    assert.ok(first.fraction < 0.5);
    const between = progress.filter(
      ({ phase, prompt }) => phase === 'behavior' && rule(prompt!).checks.some(({ full }) => full !== null),
    );
    const sampled = between.map(({ prompt }) => cells(prompt!).filter(({ checks }) => checks.length > 0).length);
    assert.ok(
      between.some(({ prompt }) => lowercase(prompt!).deleted === null),
      'the first arm is shown before the second',
    );
    assert.ok(sampled.at(-1)! > 0);
  });
});
