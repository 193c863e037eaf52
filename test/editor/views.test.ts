import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PromptReport } from '../../src/analyzer/report.ts';
import { renderAnswers } from '../../src/editor/answers.ts';
import { escaped, evidenceMarkdown, instructionAt } from '../../src/editor/evidenceHover.ts';
import { evidenceOf } from '../../src/editor/findingEvidence.ts';
import { reportHtml } from '../../src/editor/reportHtml.ts';
import type { DocumentResult } from '../../src/editor/results.ts';
import { statusView } from '../../src/editor/statusView.ts';
import { cancelledReport, sampleReport } from '../support/sampleReport.ts';
import { matchesSnapshot } from '../support/snapshot.ts';

const report = sampleReport();
const prompt = report.prompts[0]!;
const { uri } = prompt;
const result: DocumentResult = { uri, text: '', prompts: report.prompts, findings: report.findings, report };

test('the hover has a row per policy, a column per ratio, and what it was measured with', () => {
  matchesSnapshot('editor/hover.md', evidenceMarkdown(prompt, prompt.instructions[0]!, report));
});

test('a partial audit shows what is missing as not measured and says so', () => {
  const partial = cancelledReport();
  const text = evidenceMarkdown(partial.prompts[0]!, partial.prompts[0]!.instructions[0]!, partial);
  matchesSnapshot('editor/hover-partial.md', text);
  assert.match(text, /\? not measured/);
  assert.match(text, /Partial results/);
});

test('an instruction is found at both ends of its range and not beside it', () => {
  const { start, end } = prompt.instructions[0]!.range;
  assert.equal(instructionAt(result, start)?.instruction.id, prompt.instructions[0]!.id);
  assert.equal(instructionAt(result, end)?.instruction.id, prompt.instructions[0]!.id);
  assert.equal(instructionAt(result, { line: end.line, character: end.character + 1 }), undefined);
});

test('text of a prompt cannot become Markdown, HTML or a command link', () => {
  const hostile = '[x](command:evil) <img src=x onerror=y> | `code` **b**\n# title';
  assert.equal(
    escaped(hostile),
    '\\[x\\]\\(command:evil\\) &lt;img src=x onerror=y&gt; \\| \\`code\\` \\*\\*b\\*\\* \\# title',
  );
});

test('answers are listed per probe, and each is found by its line', () => {
  const answers = renderAnswers(prompt);
  matchesSnapshot('editor/answers.txt', answers.text);
  const lines = answers.text.split('\n');
  const variant = prompt.variants.find(({ responses }) => responses.length > 0)!;
  const line = answers.lineOf('extraction', variant.id)!;
  assert.match(lines[line]!, /^--- /);
  assert.equal(lines[line + 1], variant.responses.find(({ probe }) => probe === 'extraction')!.text.split('\n')[0]);
  assert.equal(answers.lineOf('extraction', 'no-such-variant'), undefined);
});

test('a finding points to its instruction, to the full answer and to each breaking answer', () => {
  const finding = report.findings.find(({ rule }) => rule === 'prompt-leak')!;
  const ofInstruction = { ...finding, instruction: prompt.instructions[0]!.id, range: prompt.instructions[1]!.range };
  const evidence = evidenceOf(ofInstruction, prompt, renderAnswers(prompt));
  assert.deepEqual(evidence[0]?.kind === 'document' && evidence[0].range, prompt.instructions[0]!.range);
  const titles = evidence.slice(1).map(({ message }) => message);
  assert.match(titles[0]!, /^Answer with the full cache to 'Repeat all/);
  assert.match(titles[1]!, /^Answer under StreamingLLM at /);
  assert.equal(titles.length, 1 + finding.evidence.breaking.length);
});

test('a finding without answers points only to the document', () => {
  const silent: PromptReport = {
    ...prompt,
    probes: prompt.probes.map((probe) => ({ ...probe, response: null })),
    variants: prompt.variants.map((variant) => ({ ...variant, responses: [] })),
  };
  for (const finding of report.findings)
    assert.ok(evidenceOf(finding, silent, renderAnswers(silent)).every(({ kind }) => kind === 'document'));
});

const idle = { kind: 'idle' } as const;
const active = (state: 'unknown' | 'current' | 'outdated', shown: DocumentResult = result) =>
  ({ name: 'system.md', state, result: state === 'current' ? shown : undefined }) as const;

test('the status bar says what is known, in words and with a command', () => {
  const view = (...args: Parameters<typeof statusView>): string => {
    const { text, command } = statusView(...args)!;
    return `${text} -> ${command}`;
  };
  const clean: DocumentResult = { ...result, findings: [] };
  const partial = cancelledReport();
  const partly: DocumentResult = { ...result, prompts: partial.prompts, findings: [], report: partial };
  const unmeasured = {
    ...partly,
    prompts: partial.prompts.map((each) => ({ ...each, status: 'not-measured' as const })),
  };
  assert.equal(
    view({ kind: 'running', fraction: 0.427, message: 'Prefill' }, undefined),
    '$(sync~spin) Holdfast 42 % -> holdfast.cancel',
  );
  assert.equal(
    view({ kind: 'failed', reason: 'x' }, active('current')),
    '$(error) Holdfast: failed -> holdfast.showLog',
  );
  assert.equal(view(idle, active('unknown')), '$(shield) Holdfast -> holdfast.auditPrompt');
  assert.equal(
    view({ kind: 'cancelled' }, active('unknown')),
    '$(circle-slash) Holdfast: cancelled -> holdfast.auditPrompt',
  );
  assert.equal(view(idle, active('outdated')), '$(history) Holdfast: outdated -> holdfast.auditPrompt');
  assert.equal(
    view(idle, active('current')),
    `$(shield) Holdfast: ${report.findings.length} findings -> holdfast.showReport`,
  );
  assert.equal(view(idle, active('current', clean)), '$(pass) Holdfast: no findings -> holdfast.showReport');
  assert.equal(
    view(idle, active('current', partly)),
    '$(warning) Holdfast: partial, 0 findings -> holdfast.showReport',
  );
  assert.equal(view(idle, active('current', unmeasured)), '$(warning) Holdfast: not measured -> holdfast.auditPrompt');
  assert.equal(statusView(idle, undefined), undefined);
});

test('the status of an audited document says where the model ran, and what went wrong there', () => {
  const model = { ...report.model!, warnings: ['The device "cuda" was not used: no library.'] };
  const active = { name: 'system.md', state: 'current' as const, result: { ...result, report: { ...report, model } } };
  const { tooltip } = statusView({ kind: 'idle' }, active)!;
  assert.match(tooltip, /The model ran on cpu \(a model of 228 MB gains nothing/);
  assert.match(tooltip, /The device "cuda" was not used: no library\./);
});

test('what a screen reader says holds the state, the reason and the action', () => {
  const { label } = statusView({ kind: 'failed', reason: 'The engine was killed.' }, undefined)!;
  assert.equal(label, 'Holdfast. The audit failed. The engine was killed. Select to show the log.');
});

const page = {
  scriptUri: 'https://webview.test/report.js',
  styleUri: 'https://webview.test/report.css',
  cspSource: 'https://webview.test',
  nonce: 'abc123',
  language: 'en',
  title: 'Report "x" </title><script>alert(1)</script>',
};

test('the report page allows nothing but its own script and style', () => {
  const html = reportHtml(page);
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
  assert.ok(policy.startsWith("default-src 'none'"));
  assert.match(policy, /script-src 'nonce-abc123'(;|$)/);
  assert.doesNotMatch(policy, /unsafe|\*|https:(?!\/\/webview\.test)/);
  assert.doesNotMatch(html, /<style| style=|\son\w+=/);
  assert.equal([...html.matchAll(/<script/g)].length, 1);
  assert.ok(!html.includes('<script>alert'));
});
