import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf } from '../../../src/analyzer/findingsOf.ts';
import { report as reportSchema, type Finding, type InstructionReport } from '../../../src/analyzer/report.ts';
import { format, formats } from '../../../src/analyzer/formats/index.ts';
import { bankReport, extraction, grid, identity, instruction, prompt, report } from '../../support/reports.ts';
import { reportWithFacts } from '../../support/factReport.ts';
import { circumstantialReport } from '../../support/sampleReport.ts';
import { matchesSnapshot } from '../../support/snapshot.ts';

const partial = report(
  [
    prompt({
      status: 'partial',
      statusReason: 'cancelled after 1 of 6 variants',
      variants: grid(() => ({ instructions: { clause: { verdict: 'held' } } })).slice(0, 1),
    }),
    prompt({ uri: 'other.md', status: 'not-measured', statusReason: 'cancelled', promptTokens: null, fullLeak: null }),
  ],
  { outcome: 'cancelled', reason: 'interrupted' },
);

test('an unknown format is an error that lists the known ones', () => {
  assert.throws(
    () => format('sarif'),
    (error: Error & { code?: string; hint?: string }) =>
      error.code === 'invalid-settings' &&
      error.message.includes('sarif') &&
      formats.every(({ id }) => error.hint?.includes(id)),
  );
});

test('text reads as committed', () => matchesSnapshot('formats/bank.txt', format('text').render(bankReport())));
test('text of a cancelled audit reads as committed', () =>
  matchesSnapshot('formats/cancelled.txt', format('text').render(partial)));
test('html reads as committed', () => matchesSnapshot('formats/bank.html', format('html').render(bankReport())));

for (const { id } of formats.filter(({ id }) => id !== 'json')) {
  test(`${id} says what a prompt's numbers assume and leave out, and shows the policies of its own settings`, () => {
    const rendered = format(id).render(circumstantialReport());
    for (const expected of [
      'Within host.md: 8123 tokens before the prompt, 40 tokens after it.',
      'Codex reads 32,768 bytes; what stands from line 7:3 on never reaches the model.',
      'Settings of its own: StreamingLLM and K-Norm at 25 % and 50 %, up to loss.',
      '2 instructions ignored by a marker.',
      '1 finding suppressed by a marker: instruction-evicted at line 1.',
    ])
      assert.ok(rendered.includes(expected), expected);
    assert.equal(rendered.split('@docs/style.md is not followed').length, 2, 'a note is told once');
  });
}

test('findings stand with their prompt, also where a prompt is put together from several places of a file', () => {
  const at = (start: number): InstructionReport['range'] => ({ ...instruction().range, offsets: [start, start + 5] });
  const own = (id: string, start: number) => instruction({ id, range: at(start) });
  const [first, second] = [
    prompt({ range: at(100), instructions: [own('a', 100), own('b', 20)] }),
    prompt({ range: at(200), instructions: [own('a', 200)] }),
  ];
  const found = (id: string | null, start: number): Finding => ({
    ...bankReport().findings[0]!,
    uri: first.uri,
    instruction: id,
    range: at(start),
  });
  const findings = [found('a', 100), found('b', 20), found('a', 200), found(null, 500)];
  const value = { ...report([first, second]), findings };
  assert.deepEqual(findingsOf(value, first), [findings[0], findings[1], findings[3]]);
  assert.deepEqual(findingsOf(value, second), [findings[2]]);
});

test('text without colour has no escape sequence, with colour it has', () => {
  assert.ok(!format('text').render(bankReport()).includes('\u001b'));
  assert.ok(format('text').render(bankReport(), { color: true }).includes('\u001b[31m'));
});

test('text fits the table into the terminal while the label stays readable', () => {
  const lines = format('text').render(bankReport(), { width: 90 }).split('\n');
  const table = lines.filter((line) => /^ {2}\d+:\d+ |^ {2}instruction/.test(line));
  assert.ok(table.length >= 4);
  assert.ok(table.every((line) => line.length <= 90));
});

test('control characters of a prompt never reach the terminal', () => {
  const hostile = report([
    prompt({ uri: 'a\u001b]0;x\u0007.md', instructions: [instruction({ text: 'Be\u001b[2J kind' })] }),
  ]);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(format('text').render(hostile), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

for (const { id } of formats.filter(({ id }) => id !== 'json')) {
  test(`${id} marks a cancelled audit as partial and calls nothing held that was not measured`, () => {
    const rendered = format(id).render(partial);
    assert.match(rendered, /PARTIAL, cancelled: interrupted/);
    assert.match(rendered, /cancelled after 1 of 6 variants/);
    assert.match(rendered, /NOT MEASURED/);
    assert.match(rendered, /not measured/);
    assert.doesNotMatch(rendered, /No findings\.|Completed/);
  });
}

test('text says that a failed audit failed, and why', () => {
  const failed = report([], { outcome: 'failed', reason: 'The engine exited (killed).' });
  assert.match(format('text').render(failed), /PARTIAL, failed: The engine exited \(killed\)\./);
});

test('json is the report itself and fits the schema', () => {
  const rendered = format('json').render(bankReport());
  assert.deepEqual(JSON.parse(rendered), bankReport());
  reportSchema.parse(JSON.parse(rendered));
});

test('text and html say what a reader has to know about a prompt', () => {
  const noted = report([prompt({ notes: ['No system role.'] })]);
  assert.match(format('text').render(noted), /^ {2}No system role\.$/m);
  assert.match(format('html').render(noted), /<p>No system role\.<\/p>/);
});

test('html shows prompt text, answers, paths and titles literally', () => {
  const evil = '</script><img src=x onerror=alert(1)>"\'&';
  const before = { lost: 2, pairs: 6, leak: 0.8, harm: 3 };
  const rendered = format('html').render(
    report(
      [
        prompt({
          uri: `${evil}.md`,
          statusReason: evil,
          status: 'partial',
          notes: [evil],
          instructions: [instruction({ text: evil })],
          probes: [
            { ...identity, text: evil },
            { ...extraction, response: evil },
          ],
          variants: grid((policy) => ({
            instructions: { clause: { verdict: 'evicted', loss: 1 } },
            leak: 0.9,
            answer: `${policy} ${evil}`,
          })).map((variant) => ({ ...variant, notes: [evil] })),
          fixes: [
            {
              kind: 'reorder',
              title: evil,
              cautions: [evil],
              edits: [],
              newText: evil,
              before,
              after: { ...before, lost: 0 },
              cells: [],
            },
          ],
        }),
      ],
      { reason: evil, outcome: 'failed' },
    ),
  );
  assert.doesNotMatch(rendered, /<img|<script|<\/script/i);
  assert.ok(rendered.split('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;').length > 10);
});

test('html loads nothing and runs nothing', () => {
  const rendered = format('html').render(bankReport());
  assert.match(rendered, /default-src 'none'/);
  assert.doesNotMatch(rendered, /<script|<link|<iframe|https?:|url\(|\son\w+=/i);
});

test('html names every verdict in words, in a table with headers', () => {
  const rendered = format('html').render(bankReport());
  for (const word of ['evicted', 'held', 'weakened', 'inert']) assert.match(rendered, new RegExp(`<b>${word}</b>`));
  assert.match(rendered, /<th colspan="2" scope="colgroup">StreamingLLM<\/th>/);
  assert.match(rendered, /prefers-color-scheme: dark/);
});

test('html puts answers that differ beside the full cache and lists those that do not', () => {
  const rendered = format('html').render(bankReport());
  assert.match(
    rendered,
    /Same answer as the full cache: SnapKV at 50 %, SnapKV at 75 %, K-Norm at 50 % and K-Norm at 75 %\./,
  );
  assert.match(
    rendered,
    /<summary>StreamingLLM at 50 % and StreamingLLM at 75 % · repeats 81 % of the directives<\/summary>/,
  );
});

test('text, html and json say where the model ran, why, in which precision, and every warning about it', () => {
  const warning = 'The device "cuda" was not used: no <library>.';
  const bank = bankReport();
  const model = { ...bank.model!, device: 'cpu', deviceReason: 'CUDA could not be used', warnings: [warning] };
  const warned = { ...bank, model };
  const shown = format('text').render(warned);
  assert.match(shown, /^Device: cpu, float32: CUDA could not be used$/m);
  assert.ok(shown.includes(`Warning: ${warning}\n`));
  const page = format('html').render(warned);
  assert.match(page, /<dt>Device<\/dt><dd>cpu, float32: CUDA could not be used<\/dd>/);
  assert.match(page, /<dt>Warning<\/dt><dd>The device &quot;cuda&quot; was not used: no &lt;library&gt;\.<\/dd>/);
  const { model: written } = reportSchema.parse(JSON.parse(format('json').render(warned)));
  assert.deepEqual([written!.device, written!.precision, written!.warnings], ['cpu', 'float32', [warning]]);
});

test('text says of each fact where it is lost, and which facts this model does not state at all', () => {
  const lines = format('text').render(reportWithFacts()).split('\n');
  const row = (start: string): string => lines.find((line) => line.includes(start)) ?? '';
  assert.match(row('name: You are Ada '), /3:9 +name: You are Ada +lost 50 % +stated +stated +stated +not measured$/);
  assert.match(row('name: the assistant of'), / stated +unsettled 25 % +stated +stated +not measured$/);
  assert.match(row('even with the full cache'), /Not stated by this model .*: 3:13 +name: You are Ada, the assistant$/);
});

test('html shows what each cache says instead of a fact, as text', () => {
  const rendered = format('html').render(reportWithFacts());
  assert.match(rendered, /<b>lost<\/b><small>says “Alexander the assistant”<\/small>/);
  assert.match(rendered, /says “&lt;b&gt;a bank&lt;\/b&gt;”/);
  assert.ok(!format('html').render(bankReport()).includes('<h3>Facts</h3>'));
});
