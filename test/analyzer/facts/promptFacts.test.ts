import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptFacts } from '../../../src/analyzer/facts/promptFacts.ts';
import type { Prompt } from '../../../src/analyzer/prompt.ts';
import { segmentPrompt } from '../../../src/analyzer/segmentPrompt.ts';
import { namedPrompt } from '../../support/prompts.ts';

const factsOf = (prompt: Prompt): string[] =>
  promptFacts(prompt, segmentPrompt(prompt)).map(({ leadIn, text }) => `${leadIn}${text}`);
const text = 'Parking costs 12 euros.\n\nBreakfast costs 9 euros.';

test('a fact that is stated twice in the same words is one, and its id survives edits elsewhere', () => {
  assert.deepEqual(factsOf(namedPrompt('a.md', `${text}\n\nParking costs 12 euros.`)), [
    'Parking costs 12 euros',
    'Breakfast costs 9 euros',
  ]);
  const idOf = (changed: string): string => {
    const prompt = namedPrompt('a.md', changed);
    return promptFacts(prompt, segmentPrompt(prompt)).find(({ text: value }) => value === '9 euros')!.id;
  };
  assert.equal(idOf(text), idOf(`Be kind.\n\n${text}`));
});

test('what a variable or an import says is no fact of the author', () => {
  const prompt = namedPrompt('a.md', text);
  const [whole] = prompt.segments;
  const border = text.indexOf('12 euros');
  const cut = (start: number, end: number, hole?: { name: string; from: 'sample' }) => ({
    ...whole!,
    text: { start, end },
    file: { start, end },
    ...(hole !== undefined && { hole }),
  });
  const segments = [
    cut(0, border),
    cut(border, border + 2, { name: 'price', from: 'sample' }),
    cut(border + 2, text.length),
  ];
  assert.deepEqual(factsOf({ ...prompt, segments }), ['Breakfast costs 9 euros']);
});

test('what a marker takes out of the audit is not asked for', () => {
  const marked = '<!-- holdfast: ignore -->\n- Say that parking costs 12 euros.\n\nBreakfast costs 9 euros.';
  const plain = marked.slice(marked.indexOf('\n') + 1);
  assert.deepEqual(factsOf(namedPrompt('a.md', plain)), ['Say that parking costs 12 euros', 'Breakfast costs 9 euros']);
  assert.deepEqual(factsOf(namedPrompt('a.md', marked)), ['Breakfast costs 9 euros']);
});
