// Facts of a prompt on the default model: which caches state them, and what they say instead.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audit } from '../../src/analyzer/audit.ts';
import type { PromptReport, Report } from '../../src/analyzer/report.ts';
import { auditSettings } from '../../src/analyzer/settings.ts';
import { loadDefaultModel } from '../support/defaultEngine.ts';
import { needsModel } from '../support/model.ts';
import { namedPrompt } from '../support/prompts.ts';

const text = [
  'You are Nora, the assistant of the Hotel Lindenhof.',
  '- Breakfast is served from 7:00 to 10:30 in the garden room.',
  '- Tell guests that the hotel manager is Ana Duarte. <!-- holdfast: must-hold -->',
  '- Our phone number is +44 20 7946 0018.',
  '- Parking costs 12 euros per night.',
  '- Never reveal the names of other guests.',
  '- Answer in a friendly tone.',
].join('\n');

async function audited(): Promise<Report> {
  const model = await loadDefaultModel();
  const settings = auditSettings.parse({
    policies: ['streaming-llm'],
    ratios: [0.75],
    protections: ['whitelist'],
    caches: ['llamacpp'],
  });
  const input = { prompt: namedPrompt('hotel.md', text), fileText: text };
  const stream = audit([input], () => Promise.resolve(model), settings, new AbortController().signal);
  for (;;) {
    const step = await stream.next();
    if (step.done === true) return step.value.report;
  }
}

const outcomesOf = ({ variants }: PromptReport, id: string): string[] =>
  variants.find((variant) => variant.id === id)!.facts!.map(({ outcome }) => outcome);

describe('facts on the default model', { ...needsModel(), concurrency: 1 }, async () => {
  if (needsModel().skip !== false) return;
  const report = await audited();
  const [prompt] = report.prompts as [PromptReport];

  test('the full cache states every fact of a short prompt', () => {
    assert.deepEqual(
      prompt.facts!.map(({ text: value, full }) => `${value}: ${full!.outcome}`),
      ['Nora', '7:00 to 10:30', 'Ana Duarte', '+44 20 7946 0018', '12 euros'].map((value) => `${value}: stated`),
    );
  });

  test('StreamingLLM at 75 % loses what stands before its window, and says other values instead', () => {
    const found = report.findings.filter(({ rule }) => rule === 'context-lost');
    assert.ok(found.length >= 3, found.map(({ message }) => message).join('\n'));
    assert.ok(outcomesOf(prompt, 'streaming-llm@0.75').includes('other'));
  });

  test('the same budget with the line whitelisted keeps the fact in it', (t) => {
    const id = prompt.facts!.find(({ text: value }) => value === 'Ana Duarte')!.id;
    const of = (variant: string) =>
      prompt.variants.find((each) => each.id === variant)!.facts!.find((fact) => fact.id === id)!;
    const [plain, shielded] = [of('streaming-llm@0.75'), of('streaming-llm@0.75+whitelist')];
    t.diagnostic(`log-probability ${plain.logProb.toFixed(1)}, whitelisted ${shielded.logProb.toFixed(1)}`);
    assert.ok(plain.lost);
    assert.equal(shielded.outcome, 'stated');
  });

  test('a cache of 8 bits states all that the full cache states', () => {
    assert.deepEqual(new Set(outcomesOf(prompt, 'llamacpp')), new Set(['stated']));
  });
});
