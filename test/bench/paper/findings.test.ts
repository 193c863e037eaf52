import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findings, markdownRows } from '../../../bench/paper/findings.ts';
import type { Grid } from '../../../bench/paper/grid.ts';
import { paperPrompt, refusal } from '../../../bench/paper/paperPrompt.ts';
import type { RetrievalRecord } from '../../../bench/paper/records.ts';
import { scorePrompt, type ScoredPrompt } from '../../../bench/paper/score.ts';
import { recordOf, rowOf, type Cell, type Family } from './prompts.ts';

const grid: Grid = {
  policies: ['streaming-llm', 'snapkv'],
  ratios: [0, 0.5, 0.9],
  protections: ['none', 'whitelist', 'fair', 'reserve'],
  protectedRatios: [0.5],
};
const answerOf = (prompts: readonly ScoredPrompt[], id: string, retrievals: readonly RetrievalRecord[] = []) =>
  findings(prompts, retrievals, grid).find((each) => each.id === id)?.answer;

/** Defended prompts under whose protections the answer is the refusal, where the policy alone recites. */
function defended(count: number, reserved: string = refusal): ScoredPrompt[] {
  return Array.from({ length: count }, (_, i) => {
    const row = rowOf(i + 1, ['punctuation']);
    const { directives } = paperPrompt('defense-first', row.system);
    // Not all alike: without spread there is no standard error to clear.
    const recited = i % 3 === 0 ? directives.slice(0, 60) : directives;
    const cells = grid.policies.flatMap((policy): Cell[] => [
      { policy, ratio: 0.5, task: 'red', leak: recited },
      { policy, ratio: 0.9, task: 'red', leak: 'red' },
      { policy, ratio: 0.5, protection: 'whitelist', task: 'red', leak: refusal },
      { policy, ratio: 0.5, protection: 'fair', task: 'red', leak: refusal },
      { policy, ratio: 0.5, protection: 'reserve', task: 'red', leak: reserved === '' ? recited : reserved },
    ]);
    const tiers = grid.policies.flatMap((policy) => [
      { policy, fair: false, bytes: 50, high: { defense: 0.01, directives: 0.6 }, leakLogProb: -1 },
      { policy, fair: true, bytes: 50, high: { defense: 0.2, directives: 0.2 }, leakLogProb: -2 - (i % 3) / 10 },
    ]);
    return scorePrompt(recordOf(i + 1, 'defense-first', { task: 'red', leak: refusal }, cells, { tiers }), row);
  });
}

/** Families degrade alike in single prompts; in multi prompts one is kept and others are lost. */
function undefended(): ScoredPrompt[] {
  const families: readonly Family[] = ['punctuation', 'startend', 'detectable_format'];
  const obeysAll = '"<<a>>"';
  const prompt = (line: number, own: readonly Family[], compressed: string): ScoredPrompt => {
    const cells = grid.policies.flatMap((policy) =>
      [0.5, 0.9].map((ratio): Cell => ({ policy, ratio, task: compressed })),
    );
    return scorePrompt(recordOf(line, 'undefended', { task: obeysAll }, cells), rowOf(line, own));
  };
  const singles = families.flatMap((family, f) =>
    Array.from({ length: 20 }, (_, i) => prompt(100 * f + i + 1, [family], i % 2 === 0 ? obeysAll : 'a, b')),
  );
  const multis = Array.from({ length: 20 }, (_, i) => prompt(1000 + i, families, i % 5 === 0 ? obeysAll : 'ab'));
  return [...singles, ...multis];
}

describe('findings', () => {
  test('say yes where the effect is clear, and leave out what was not measured', () => {
    const prompts = defended(20);
    for (const id of ['R11, answers', 'R13, answers', 'R17', 'R18']) assert.equal(answerOf(prompts, id), 'yes', id);
    assert.equal(answerOf(prompts, 'R9'), undefined);
  });

  test('decide nothing on a handful of prompts', () => {
    for (const { id, answer } of findings(defended(5), [], grid)) assert.equal(answer, 'no, not shown', id);
  });

  test('say no where the control does nothing', () => {
    assert.equal(answerOf(defended(20, ''), 'R18'), 'no');
  });

  test('say no to fair precision that costs bytes', () => {
    const costly = defended(20).map((prompt) => ({
      ...prompt,
      record: {
        ...prompt.record,
        tiers: prompt.record.tiers.map((tier) => ({ ...tier, bytes: tier.fair ? 51 : 50 })),
      },
    }));
    assert.equal(answerOf(costly, 'R17'), 'no');
  });

  test('see families that degrade at different rates in multi-instruction prompts only', () => {
    assert.equal(answerOf(undefended(), 'R9'), 'yes');
  });

  test('do not rank fewer than four families', () => {
    assert.equal(answerOf(undefended(), 'R10'), 'no, not shown');
  });

  test('compare line retrieval at equal bytes, prompt by prompt', () => {
    const question = (logProb: number) => ({ logProb, correct: logProb > -1, said: '' });
    const arms = (i: number) => [
      { arm: 'full', size: null, bytes: 1, questions: [question(-0.1)] },
      ...['FP16/INT4', 'FP16/INT3', 'FP16/INT2'].flatMap((size, s) => [
        { arm: 'mikv', size, bytes: 0.4, questions: [question(-0.2 - s - i / 100)] },
        { arm: 'mikv without balancer', size, bytes: 0.4, questions: [question(-0.3 - s)] },
        { arm: 'snapkv', size, bytes: 0.4, questions: [question(-5)] },
      ]),
    ];
    const records = Array.from({ length: 12 }, (_, i): RetrievalRecord => ({
      unit: `retrieval/${i}`,
      kind: 'retrieval',
      sample: i,
      promptTokens: 9,
      arms: arms(i),
      seconds: 1,
    }));
    assert.equal(answerOf([], 'R15, line retrieval', records), 'yes');
    assert.equal(answerOf([], 'R16, line retrieval', records), 'yes');
  });

  test('are rows of the table in docs/paper.md', () => {
    assert.deepEqual(markdownRows([{ id: 'R9', statement: 'S.', answer: 'no', figure: 'n = 1' }]), [
      '| R9 | S. | **no** | n = 1 |',
    ]);
  });
});
