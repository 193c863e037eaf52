import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { AuditInput } from '../../src/analyzer/outcome.ts';
import type { ReorderOutcome } from '../../src/analyzer/reorder.ts';
import type { Fix } from '../../src/analyzer/report.ts';
import { HoldfastError } from '../../src/errors.ts';
import { bankReport } from '../support/reports.ts';
import { input, run, type Options } from './harness.ts';

const before = '\uFEFFFirst rule.\r\n\r\nSecond rule.\r\n';
const after = '\uFEFFSecond rule.\r\n\r\nFirst rule.\r\n';
const at = (start: number, end: number) => ({
  start: { line: 0, character: 0 },
  end: { line: 0, character: 0 },
  offsets: [start, end] as [number, number],
});
const fix: Fix = {
  kind: 'reorder',
  title: 'Move the clause to the end',
  cautions: ['K-Norm at 75 % leaks a little more.'],
  edits: [
    { range: at(1, 12), newText: 'Second rule.' },
    { range: at(16, 28), newText: 'First rule.' },
  ],
  newText: 'Second rule.\n\nFirst rule.',
  before: { lost: 5, pairs: 18, leak: 0.81, harm: 4 },
  after: { lost: 2, pairs: 18, leak: 0.16, harm: 1 },
  cells: [
    { variant: 'streaming-llm@0.5', leakBefore: 0.81, leakAfter: 0.16, lostBefore: 2, lostAfter: 0 },
    { variant: 'knorm@0.5', leakBefore: 0.12, leakAfter: 0.12, lostBefore: 0, lostAfter: 0 },
  ],
};
const found: ReorderOutcome = { status: 'completed', fix, reason: '12 orders were tried.', before: bankReport() };
const file: AuditInput = { ...input, fileText: before };

function folder(): string {
  const cwd = mkdtempSync(path.join(os.tmpdir(), 'holdfast-reorder-'));
  writeFileSync(path.join(cwd, 'system.md'), before);
  return cwd;
}
const read = (cwd: string): string => readFileSync(path.join(cwd, 'system.md'), 'utf8');
const reorder = (argv: string[], options: Options) =>
  run(['reorder', 'system.md', ...argv], { input: file, ...options });

test('reorder shows before, after and the diff, and writes nothing unasked', async () => {
  const cwd = folder();
  const { code, out, calls } = await reorder([], { cwd, reordered: found });
  assert.equal(code, 0);
  assert.match(out, /^Move the clause to the end$/m);
  assert.match(out, /largest leak of the directives +0\.81 +0\.16/);
  assert.match(out, /^StreamingLLM at 50 % +lost 2, leak 0\.81 +lost 0, leak 0\.16$/m);
  assert.doesNotMatch(out, /^K-Norm at 50 %/m);
  assert.match(out, /^Caution: K-Norm at 75 % leaks a little more\.$/m);
  assert.match(out, /^--- a\/system\.md\n\+\+\+ b\/system\.md\n@@ -1,3 \+1,3 @@$/m);
  assert.equal(read(cwd), before);
  assert.equal(calls.at(-1), 'engine closed');
});

test('reorder --write applies the edits and keeps byte order mark and line ends', async () => {
  const cwd = folder();
  assert.equal((await reorder(['--write'], { cwd, reordered: found })).code, 0);
  assert.equal(read(cwd), after);
  assert.deepEqual(readdirSync(cwd), ['system.md']);
});

test('reorder --write leaves a file alone that was changed meanwhile', async () => {
  const cwd = folder();
  writeFileSync(path.join(cwd, 'system.md'), 'other');
  const { code, err } = await reorder(['--write'], { cwd, reordered: found });
  assert.equal(code, 1);
  assert.match(err, /was changed during the audit/);
  assert.equal(read(cwd), 'other');
  assert.deepEqual(readdirSync(cwd), ['system.md']);
});

test('no better order is a result, not an error', async () => {
  const cwd = folder();
  const { code, out } = await reorder(['--write'], {
    cwd,
    reordered: { ...found, fix: null, reason: '12 were tried.' },
  });
  assert.deepEqual([code, out], [0, 'No better order was found: 12 were tried.\n']);
  assert.equal(read(cwd), before);
});

test('a cancelled or failed search offers nothing and ends in 1', async () => {
  const cwd = folder();
  const cancelled = await reorder(['--write'], { cwd, reordered: { ...found, status: 'cancelled', fix: null } });
  assert.deepEqual([cancelled.code, cancelled.out], [1, '']);
  const error = new HoldfastError('engine-exited', 'The engine is gone.');
  const failed = await reorder(['--write'], { cwd, reordered: { ...found, status: 'failed', fix: null, error } });
  assert.equal(failed.code, 1);
  assert.match(failed.err, /The engine is gone\./);
  assert.equal(read(cwd), before);
});

test('reorder works on one prompt and says so', async () => {
  const { code, err } = await run(['reorder', 'system.md'], { findPrompts: () => Promise.resolve([file, file]) });
  assert.equal(code, 1);
  assert.match(err, /has 2 prompts; reorder works on one/);
});
