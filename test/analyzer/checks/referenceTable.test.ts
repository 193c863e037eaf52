import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isApplicable, passesLoosely, passesStrictly } from '../../../src/analyzer/checks/check.ts';
import { bindCheck, checks } from '../../../src/analyzer/checks/registry.ts';

interface Row {
  readonly check: string;
  readonly kwargs: Record<string, unknown>;
  readonly response: string;
  readonly strict: boolean;
  readonly loose: boolean;
  /** Why, where the verdict surprises. */
  readonly note?: string;
}

/** Answers made by hand; every verdict is that of the reference implementation. */
const table = JSON.parse(readFileSync(new URL('referenceTable.json', import.meta.url), 'utf8')) as Row[];
const ifeval = checks.filter(({ origin }) => origin === 'ifeval').map(({ id }) => id);

test('the table has passes and failures for each of the 25 checks, and more than 200 answers', () => {
  assert.equal(ifeval.length, 25);
  assert.ok(table.length > 200);
  for (const id of ifeval) {
    const verdicts = new Set(table.filter(({ check }) => check === id).map(({ strict }) => strict));
    assert.equal(verdicts.size, 2, id);
  }
});

for (const id of ifeval) {
  test(`${id} judges as the reference does`, () => {
    for (const row of table.filter(({ check }) => check === id)) {
      const check = bindCheck(row.check, row.kwargs);
      assert.ok(isApplicable(check));
      const judged = { strict: passesStrictly(check, row.response), loose: passesLoosely(check, row.response) };
      assert.deepEqual(judged, { strict: row.strict, loose: row.loose }, JSON.stringify(row));
    }
  });
}
