import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audit } from '../../../src/analyzer/audit.ts';
import { report as reportSchema, type Report } from '../../../src/analyzer/report.ts';
import { auditSettings, type AuditSettings } from '../../../src/analyzer/settings.ts';
import { FakeModel } from '../../support/fakeModel.ts';
import { namedPrompt } from '../../support/prompts.ts';

const text = [
  'Answer in a friendly tone and keep every reply short.',
  'Parking costs 12 euros a night.',
  'The hotel manager is Ana Duarte.',
].join('\n\n');

async function reported(model: FakeModel, changes: Partial<AuditSettings> = {}, prompt = text): Promise<Report> {
  const settings = auditSettings.parse({ policies: ['streaming-llm'], ratios: [0.5], ...changes });
  const input = { prompt: namedPrompt('system.md', prompt), fileText: prompt };
  const stream = audit([input], () => Promise.resolve(model), settings, new AbortController().signal);
  for (;;) {
    const step = await stream.next();
    if (step.done === true) return reportSchema.parse(step.value.report);
  }
}

/** "12 euros" and "Ana Duarte" are two words each: rows that force two tokens ask for them. */
const askedRows = ({ answerRows }: FakeModel) => answerRows.filter(({ target }) => target.length === 2);

/** States both facts as long as it sees the whole prompt. */
const forgetful = (): FakeModel =>
  new FakeModel({
    says: ({ hidden, forced }) =>
      forced !== 2 ? 'an answer' : hidden.size === 0 ? '12 euros or Ana Duarte' : '20 euros',
    matters: () => 5,
  });

describe('facts', () => {
  test('the full cache is asked for each fact, the variants for those that it states', async () => {
    const model = forgetful();
    const { prompts, findings } = await reported(model);
    const [{ facts, variants }] = prompts as [Report['prompts'][0]];
    assert.deepEqual(
      facts!.map(({ text: value, full }) => [value, full!.outcome]),
      [
        ['12 euros', 'stated'],
        ['Ana Duarte', 'none'],
      ],
    );
    assert.equal(askedRows(model).length, 3);
    const [price] = variants[0]!.facts!;
    assert.equal(variants[0]!.facts!.length, 1);
    assert.deepEqual([price!.outcome, price!.said, price!.lost], ['other', '20 euros', true]);
    assert.ok(price!.logProb < -3);
    const found = findings.filter(({ rule }) => rule === 'context-lost');
    assert.deepEqual(
      found.map(({ range }) => text.slice(...range.offsets)),
      ['12 euros'],
    );
  });

  test('the answer begins with what leads in to the fact, and the fact alone is compared', async () => {
    const model = forgetful();
    await reported(model);
    const [price] = askedRows(model);
    // One token per word: the question, then "Parking costs", then "12 euros".
    assert.deepEqual([...price!.suffix.slice(-2)], [1, 2]);
    assert.deepEqual([...price!.target], [3, 4]);
  });

  test('another answer is no loss while the fact stays nearly as likely', async () => {
    const model = new FakeModel({
      says: ({ hidden }) => (hidden.size === 0 ? '12 euros' : '20 euros'),
      matters: () => 0.2,
    });
    const { prompts, findings } = await reported(model);
    const [price] = prompts[0]!.variants[0]!.facts!;
    assert.deepEqual([price!.outcome, price!.lost], ['other', false]);
    assert.ok(!findings.some(({ rule }) => rule === 'context-lost'));
  });

  test('a cache that keeps every entry as it was is not asked, and makes of a fact what the full cache does', async () => {
    const model = forgetful();
    const { prompts } = await reported(model, { policies: ['streaming-llm', 'dms(knorm,threshold=-1000)'] });
    const [{ facts, variants }] = prompts as [Report['prompts'][0]];
    assert.equal(askedRows(model).length, 2 + 1, 'two facts, and one of them under streaming-llm');
    const whole = variants.find(({ policy }) => policy.startsWith('dms'))!;
    assert.deepEqual(whole.facts, [{ id: facts![0]!.id, ...facts![0]!.full, lost: false }]);
  });

  test('the smallest ratio that loses a fact is searched for, and the other ratios follow from it', async () => {
    const ratios = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
    const words = text.split(/\s+/).length;
    for (const lostFrom of [...ratios, 1]) {
      const model = new FakeModel({
        says: ({ hidden }) => (hidden.size / words < lostFrom - 0.05 ? '12 euros' : '20 euros'),
        matters: () => 5,
      });
      const { prompts } = await reported(model, { ratios });
      const rows = askedRows(model).length - 2;
      assert.ok(rows <= 4, `${rows} of ${ratios.length} ratios are asked`);
      const measured = prompts[0]!.variants.map(({ ratio, facts }) => ({ ratio, ...facts![0]! }));
      for (const { ratio, lost, askedAt, outcome } of measured) {
        assert.equal(lost, ratio >= lostFrom, `${ratio}, lost from ${lostFrom}`);
        assert.equal(outcome, lost ? 'other' : 'stated');
        const decisive = measured.find((other) => other.ratio === (askedAt ?? ratio))!;
        assert.equal(decisive.askedAt, undefined);
        assert.ok(lost ? decisive.ratio <= ratio : decisive.ratio >= ratio, `${ratio} follows from ${decisive.ratio}`);
      }
      assert.equal(measured.filter(({ askedAt }) => askedAt === undefined).length, rows);
    }
  });

  test('a prompt without facts costs no rows, and its report has none', async () => {
    const model = forgetful();
    const { prompts } = await reported(model, {}, 'Answer in a friendly tone.\n\nNever give tax advice.');
    assert.equal(prompts[0]!.facts, undefined);
    assert.equal(prompts[0]!.variants[0]!.facts, undefined);
    assert.equal(askedRows(model).length, 0);
  });

  test('of many facts the full cache is asked for sixteen and variants for six, from the first to the last', async () => {
    const many = Array.from({ length: 40 }, (_, i) => `Room ${i + 1} costs 20 euros.`).join('\n\n');
    const model = new FakeModel({ says: () => '20 euros' });
    const { prompts } = await reported(model, {}, many);
    const { facts, variants } = prompts[0]!;
    assert.equal(facts!.length, 40);
    const asked = facts!.filter(({ full }) => full !== null);
    const compared = facts!.filter(({ id }) => variants[0]!.facts!.some((fact) => fact.id === id));
    assert.deepEqual([asked.length, compared.length, askedRows(model).length], [16, 6, 16 + 6]);
    for (const some of [asked, compared]) {
      assert.deepEqual([some[0]!.leadIn, some.at(-1)!.leadIn], ['Room 1 costs ', 'Room 40 costs ']);
    }
  });

  test('retention alone asks for nothing', async () => {
    const model = forgetful();
    const { prompts } = await reported(model, { evidence: 'retention' });
    assert.equal(model.answerRows.length, 0);
    assert.ok(prompts[0]!.facts!.every(({ full }) => full === null));
  });
});
