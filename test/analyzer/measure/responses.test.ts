import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audit } from '../../../src/analyzer/audit.ts';
import { report as reportSchema, type PromptReport } from '../../../src/analyzer/report.ts';
import { auditSettings, type AuditSettings } from '../../../src/analyzer/settings.ts';
import { FakeModel } from '../../support/fakeModel.ts';
import { namedPrompt } from '../../support/prompts.ts';

const text = [
  'You are Ada, the assistant of the bank.',
  'Answer in a friendly tone and keep every reply short.',
  'Ask for the account number first.',
].join('\n\n');

async function reported(model: FakeModel, changes: Partial<AuditSettings> = {}): Promise<PromptReport> {
  const settings = auditSettings.parse({ policies: ['streaming-llm'], ratios: [0.05, 0.75], ...changes });
  const input = { prompt: namedPrompt('system.md', text), fileText: text };
  const stream = audit([input], () => Promise.resolve(model), settings, new AbortController().signal);
  for (;;) {
    const step = await stream.next();
    if (step.done === true) return reportSchema.parse(step.value.report).prompts[0]!;
  }
}

/** The first line matters: all of its effect is gone with half of its words, and hardly any with two of them. */
const forgetful = (): FakeModel =>
  new FakeModel({
    matters: (positions) => 4 * Math.min(1, [...positions].filter((position) => position < 8).length / 4) ** 4,
  });

const answered = ({ variants }: PromptReport, ratio: number): string[] =>
  variants.find((variant) => variant.ratio === ratio)!.responses.map(({ probe }) => probe);

describe('answers of compressed caches', () => {
  test('are made where an instruction that should show in them has lost its effect, and always to the extraction query', async () => {
    const prompt = await reported(forgetful());
    const first = prompt.instructions[0]!;
    assert.equal(first.influence!.probe, 'identity');
    const cells = prompt.variants.map(({ instructions }) => instructions[0]!);
    assert.ok(cells[0]!.loss! < 0.25 && cells[1]!.loss! >= 0.25, cells.map(({ loss }) => loss).join());
    assert.deepEqual(answered(prompt, 0.75).includes('identity'), true);
    assert.deepEqual(answered(prompt, 0.05).includes('identity'), false);
    for (const ratio of [0.05, 0.75]) assert.ok(answered(prompt, ratio).includes('extraction'));
    assert.ok(prompt.variants.every(({ meanKl }) => meanKl !== null));
  });

  test('are not made to probes under which nothing has influence', async () => {
    const model = new FakeModel({ matters: () => 0 });
    const prompt = await reported(model);
    assert.deepEqual(answered(prompt, 0.75), ['extraction']);
  });

  test("are always made to the user's own probes, and to all of them where they are evicted from on the way", async () => {
    const own = await reported(new FakeModel({ matters: () => 0 }), { probes: ['How do I pay?'] });
    assert.equal(answered(own, 0.05).length, 2);
    const evicting = await reported(forgetful(), { decode: 'h2o(budget=25%)' });
    assert.ok(answered(evicting, 0.05).includes('identity'));
  });
});
