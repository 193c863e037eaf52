import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit } from '../../src/analyzer/audit.ts';
import type { AuditOutcome } from '../../src/analyzer/outcome.ts';
import type { Host } from '../../src/analyzer/prompt.ts';
import { report } from '../../src/analyzer/report.ts';
import { auditSettings } from '../../src/analyzer/settings.ts';
import { FakeModel } from '../support/fakeModel.ts';
import { namedPrompt } from '../support/prompts.ts';

const text = 'You are Ada.\n- Quote every amount in euros.\n- Never give tax advice.';
const host: Host = { before: 'Never mention the host. Always be kind.', after: 'Use the tools.', title: 'host.md' };

async function audited(withHost: boolean): Promise<AuditOutcome> {
  const prompt = { ...namedPrompt('AGENTS.md', text), ...(withHost ? { host } : {}) };
  const settings = auditSettings.parse({ policies: ['streaming-llm'], ratios: [0.5] });
  const stream = audit(
    [{ prompt, fileText: text }],
    () => Promise.resolve(new FakeModel()),
    settings,
    new AbortController().signal,
  );
  for (;;) {
    const next = await stream.next();
    if (next.done === true) return next.value;
  }
}

test('the host stands around the prompt in the system turn, is shown with its tokens, and has no instructions', async () => {
  const [alone, hosted] = [(await audited(false)).report.prompts[0]!, (await audited(true)).report.prompts[0]!];
  assert.deepEqual(
    hosted.instructions.map(({ text: each }) => each),
    alone.instructions.map(({ text: each }) => each),
  );
  assert.deepEqual(
    hosted.instructions.map(({ range }) => range),
    alone.instructions.map(({ range }) => range),
  );
  assert.equal(hosted.host?.title, 'host.md');
  const { tokensBefore, tokensAfter } = hosted.host;
  assert.ok(tokensBefore! > 0 && tokensAfter! > 0);
  // At the two seams a token may hold the end of one text and the start of the other.
  const sum = alone.promptTokens! + tokensBefore! + tokensAfter!;
  assert.ok(Math.abs(hosted.promptTokens! - sum) <= 2);
  const [start] = alone.instructions[0]!.tokens!;
  assert.deepEqual(hosted.instructions[0]!.tokens![0], start + tokensBefore!);
  report.parse((await audited(true)).report);
});

test('findings are about the prompt alone', async () => {
  const { report: hosted } = await audited(true);
  for (const { range } of hosted.findings) assert.ok(range.offsets[1] <= text.length);
});
