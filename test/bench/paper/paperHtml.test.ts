import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Grid } from '../../../bench/paper/grid.ts';
import { paperHtml } from '../../../bench/paper/paperHtml.ts';
import { resultsOf, type PaperResults } from '../../../bench/paper/results.ts';
import type { PaperRecord } from '../../../bench/paper/records.ts';
import { recordOf, rowOf } from './prompts.ts';

const grid: Grid = { policies: ['snapkv'], ratios: [0, 0.5], protections: ['none', 'fair'], protectedRatios: [0.5] };

function results(records: readonly PaperRecord[]): PaperResults {
  const file = { rows: [rowOf(1, ['punctuation'])], sha256: 'd'.repeat(64), notes: ['a <note>'] };
  return resultsOf(records, file, {
    holdfast: '1.0.0',
    model: { id: '<model>', sha256: 'm'.repeat(64) },
    data: { file: 'a&b.jsonl', sha256: file.sha256, rows: 1 },
    grid,
    answerTokens: 8,
    leakTokens: 8,
    lines: 20,
    seed: 42,
  });
}

const said = { task: 'red', leak: 'no' };
const records: PaperRecord[] = [
  recordOf(1, 'undefended', { task: 'red' }, [{ policy: 'snapkv', ratio: 0.5, task: 'a, b' }]),
  recordOf(1, 'defense-first', said, [
    { policy: 'snapkv', ratio: 0.5, ...said },
    { policy: 'snapkv', ratio: 0.5, protection: 'fair', ...said },
  ]),
  {
    unit: 'retrieval/0',
    kind: 'retrieval',
    sample: 0,
    promptTokens: 9,
    seconds: 1,
    arms: [
      { arm: 'full', size: null, bytes: 1, questions: [{ logProb: -1, correct: true, said: '1' }] },
      ...['mikv', 'mikv without balancer', 'snapkv'].flatMap((arm) =>
        ['FP16/INT4', 'FP16/INT2'].map((size) => ({
          arm,
          size,
          bytes: 0.4,
          questions: [{ logProb: -2, correct: false, said: '' }],
        })),
      ),
    ],
  },
];

test('the page has every section with figures that a screen reader can name, and numbers beside them', () => {
  const html = paperHtml(results(records));
  for (const title of ['Findings', 'Instruction following', 'Leakage', 'Eviction bias', 'Line retrieval'])
    assert.match(html, new RegExp(`<h2>${title}`));
  const figures = html.match(/<figure>/g)!.length;
  assert.equal(html.match(/<svg viewBox="0 0 380 250" role="img" aria-label="[^"]+"/g)!.length, figures);
  assert.equal(html.match(/<summary>Numbers<\/summary>/g)!.length, figures);
  assert.equal(html.match(/class="axis"/g)!.length, 2 * figures);
});

test('the page loads and runs nothing, and shows names as text', () => {
  const html = paperHtml(results(records));
  assert.doesNotMatch(html, /<script|https?:\/\/|NaN|undefined(?! \d)/);
  assert.match(html, /&lt;model&gt;/);
  assert.match(html, /a &lt;note&gt;/);
  assert.match(html, /a&amp;b\.jsonl/);
});

test('a page of a run without its experiments says what there is and nothing else', () => {
  const html = paperHtml(results([]));
  assert.doesNotMatch(html, /<figure>/);
  assert.match(html, /a &lt;note&gt;/);
});
