import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Results } from '../../src/editor/results.ts';
import { cancelledReport, sampleReport } from '../support/sampleReport.ts';

const report = sampleReport();
const { uri } = report.prompts[0]!;
const text = 'the audited text\n';

function published(currentText: string | undefined = text): Results {
  const results = new Results();
  results.publish(report, new Map([[uri, { text, reads: new Map() }]]), () => currentText);
  return results;
}

test('results of the present text are shown', () => {
  const results = published();
  assert.equal(results.get(uri)?.findings.length, report.findings.length);
  assert.equal(results.state(uri), 'current');
});

test('results of a text that changed during the audit are kept back and named', () => {
  const results = new Results();
  const outcome = results.publish(report, new Map([[uri, { text, reads: new Map() }]]), () => 'another text');
  assert.deepEqual(outcome, { published: [], outdated: [uri] });
  assert.equal(results.get(uri), undefined);
  assert.equal(results.state(uri), 'outdated');
});

test('an edit hides results and an undo shows them again', () => {
  const results = published();
  const changes: (string | undefined)[] = [];
  results.onDidChange((changed) => changes.push(changed));
  results.textIs(uri, 'edited');
  assert.equal(results.get(uri), undefined);
  results.textIs(uri, 'edited more');
  results.textIs(uri, text);
  assert.ok(results.get(uri));
  assert.deepEqual(changes, [uri, uri], 'only real changes are told');
});

test('line ends are not an edit', () => {
  const results = published();
  results.textIs(uri, text.replaceAll('\n', '\r\n'));
  assert.equal(results.state(uri), 'current');
});

test('the report of the last run carries no measurement of a document that changed', () => {
  const results = published();
  results.textIs(uri, 'edited');
  const shown = results.latestReport()!;
  assert.equal(shown.prompts[0]!.status, 'not-measured');
  assert.match(shown.prompts[0]!.statusReason ?? '', /changed/);
  assert.deepEqual([shown.prompts[0]!.variants, shown.findings], [[], []]);
});

test('a run that measured nothing does not replace what is known', () => {
  const results = published();
  const cancelled = cancelledReport();
  const prompts = cancelled.prompts.map((prompt) => ({ ...prompt, status: 'not-measured' as const }));
  results.publish({ ...cancelled, prompts }, new Map([[uri, { text, reads: new Map() }]]), () => text);
  assert.equal(results.get(uri)?.report.outcome, 'completed');
});

test('a partial run replaces an older result and stays partial', () => {
  const results = published();
  results.publish(cancelledReport(7), new Map([[uri, { text, reads: new Map() }]]), () => text);
  assert.equal(results.get(uri)?.prompts[0]?.status, 'partial');
});

test('a fix joins its prompt and the report while the text is the verified one', () => {
  const results = published();
  const fix = { ...report.prompts[0]!.fixes[0]!, title: 'Moved' };
  results.addFix(uri, 0, fix);
  assert.deepEqual(results.get(uri)?.prompts[0]?.fixes, [fix]);
  assert.deepEqual(results.latestReport()?.prompts[0]?.fixes, [fix]);
  results.textIs(uri, 'edited');
  results.addFix(uri, 0, { ...fix, title: 'Late' });
  results.textIs(uri, text);
  assert.equal(results.get(uri)?.prompts[0]?.fixes[0]?.title, 'Moved');
});

test('clear forgets documents and report', () => {
  const results = published();
  results.clear();
  assert.deepEqual([results.uris(), results.latestReport(), results.state(uri)], [[], undefined, 'unknown']);
});

test('a result is hidden while a file that its prompt imports has another text, and gone with the file', () => {
  const imported = 'file:///style.md';
  const results = new Results();
  const fired: (string | undefined)[] = [];
  results.publish(
    sampleReport(),
    new Map([[uri, { text, reads: new Map([[imported, 'Use tabs.']]) }]]),
    () => undefined,
  );
  results.onDidChange((each) => fired.push(each));
  assert.ok(results.follows(imported) && !results.has(imported));
  results.textIs(imported, 'Use spaces.');
  assert.deepEqual([results.state(uri), fired], ['outdated', [uri]]);
  results.textIs(uri, 'other');
  results.textIs(imported, 'Use tabs.');
  assert.equal(results.state(uri), 'outdated', 'its own text is another one');
  results.textIs(uri, text);
  assert.equal(results.state(uri), 'current');
  results.remove(imported);
  assert.equal(results.state(uri), 'outdated');
});

test('a result is not shown when an import changed while it was audited', () => {
  const imported = 'file:///style.md';
  const results = new Results();
  const audited = new Map([[uri, { text, reads: new Map([[imported, 'Use tabs.']]) }]]);
  const present = (each: string): string | undefined => (each === imported ? 'Use spaces.' : undefined);
  assert.deepEqual(results.publish(sampleReport(), audited, present).outdated, [uri]);
});
