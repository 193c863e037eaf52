import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factAt, factMarkdown } from '../../src/editor/factHover.ts';
import { reportWithFacts } from '../support/factReport.ts';
import { matchesSnapshot } from '../support/snapshot.ts';

const report = reportWithFacts();
const [prompt] = report.prompts;
const [ada, , unknown] = prompt!.facts!;

test('the hover on a fact has a row per policy and a column per ratio, with what is said instead', () => {
  matchesSnapshot('editor/fact-hover.md', factMarkdown(prompt!, ada!, report));
});

test('the hover on a fact that the full cache does not state says what it says', () => {
  const text = factMarkdown(prompt!, unknown!, report);
  assert.match(text, /does not state it even with the full cache: it says '&lt;b&gt;a bank&lt;\/b&gt;'/);
});

test('a fact is found at its own words only, and one that was not asked for nowhere', () => {
  const result = { prompts: report.prompts };
  assert.equal(factAt(result, { line: 2, character: 9 })?.fact.text, 'Ada');
  assert.equal(factAt(result, { line: 2, character: 2 }), undefined);
  const unasked = { ...prompt!, facts: [{ ...ada!, full: null }] };
  assert.equal(factAt({ ...result, prompts: [unasked] }, { line: 2, character: 9 }), undefined);
});
