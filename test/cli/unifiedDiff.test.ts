import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { unifiedDiff } from '../../src/cli/unifiedDiff.ts';

test('equal texts have no diff', () => assert.equal(unifiedDiff('a\n', 'a\n', 'f'), ''));

test('a moved line is removed in one place and added in the other, with three lines around', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', ''].join('\n');
  const after = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'a', ''].join('\n');
  assert.equal(
    unifiedDiff(before, after, 'x.md'),
    '--- a/x.md\n+++ b/x.md\n@@ -1,4 +1,3 @@\n-a\n b\n c\n d\n@@ -9,3 +8,4 @@\n i\n j\n k\n+a\n',
  );
});

const hasPatch = ((): boolean => {
  try {
    execFileSync('patch', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

test('`patch` turns the old text into the new one', { skip: !hasPatch && 'needs the patch program' }, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-diff-'));
  const file = path.join(folder, 'x');
  const line = fc.constantFrom('a', 'b', 'c', '', '- item');
  const texts = fc
    .tuple(fc.array(line, { minLength: 1, maxLength: 14 }), fc.boolean())
    .map(([lines, ended]) => lines.join('\n') + (ended ? '\n' : ''))
    .filter((text) => text !== '');
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const diff = unifiedDiff(before, after, 'x');
      if (before === after) return diff === '';
      writeFileSync(file, before);
      execFileSync('patch', ['--quiet', '--no-backup-if-mismatch', '--fuzz=0', file], { input: diff });
      return readFileSync(file, 'utf8') === after;
    }),
    { numRuns: 60 },
  );
});
