import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../snapshots');

/**
 * Compares a rendered text with `test/snapshots/NAME`. A missing snapshot fails: run with `UPDATE_SNAPSHOTS=1`, read the
 * difference, and commit it.
 */
export function matchesSnapshot(name: string, actual: string): void {
  const file = path.join(folder, name);
  if (process.env.UPDATE_SNAPSHOTS === '1') {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, actual);
    return;
  }
  assert.ok(existsSync(file), `no snapshot ${name}: run the test with UPDATE_SNAPSHOTS=1, read the result, commit it`);
  assert.equal(actual, readFileSync(file, 'utf8').replaceAll('\r\n', '\n'));
}
