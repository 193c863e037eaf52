import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '../../../src/analyzer/segmentation/index.ts';

const textsOf = (items: readonly { text: string }[]): string[] => items.map(({ text }) => text);
const held = (text: string): string[] => textsOf(segment(text).instructions.filter(({ mustHold }) => mustHold));
const ignored = (text: string): string[] => textsOf(segment(text).ignored);
const problems = (text: string): string[] =>
  segment(text).markerProblems.map(({ message, hint }) => `${message}${hint === undefined ? '' : `. ${hint}`}`);

test('a marker on a line of its own is about the next paragraph, item or table', () => {
  assert.deepEqual(held('<!-- holdfast: must-hold -->\nNever lie to people. Ask for the name.\n\nBe kind to all.'), [
    'Never lie to people.',
    'Ask for the name.',
  ]);
  const list = '- Be kind to all.\n<!-- holdfast: must-hold -->\n- Never lie to people.\n- Ask for the name.';
  assert.deepEqual(held(list), ['Never lie to people.']);
  const table = '| a | b |\n|---|---|\n| x | Never lie to people |';
  assert.deepEqual(held(`<!-- holdfast: must-hold -->\n${table}`), ['| x | Never lie to people |'], 'all rows');
});

test('a marker skips headings', () => {
  assert.deepEqual(held('<!-- holdfast: must-hold -->\n## Rules\n\nNever lie to people.'), ['Never lie to people.']);
});

test('a marker after text on its line is about the instruction before it', () => {
  assert.deepEqual(held('- Be kind to all. Never lie to people. <!-- holdfast: must-hold -->\n- Ask first.'), [
    'Never lie to people.',
  ]);
  assert.deepEqual(ignored('Be kind to all. # holdfast: ignore\nNever lie to people.'), ['Be kind to all.']);
});

test('what is ignored is a span and no instruction, and ids of the others stay', () => {
  const plain = segment('- Be kind to all.\n- Never lie to people.');
  const marked = segment('<!-- holdfast: ignore -->\n- Be kind to all.\n- Never lie to people.');
  assert.deepEqual(
    marked.instructions.map(({ id }) => id),
    plain.instructions.slice(1).map(({ id }) => id),
  );
  assert.deepEqual(
    marked.spans.map(({ kind }) => kind),
    plain.spans.map(({ kind }) => kind),
  );
});

test('every comment syntax works, and a reason may follow', () => {
  for (const marker of [
    '<!-- holdfast: ignore -->',
    '<!--holdfast:ignore-->',
    '{# holdfast: ignore #}',
    '# holdfast: ignore',
    '<!-- holdfast: ignore -- legal wants it here -->',
  ]) {
    const text = `Be kind to all.\n\n${marker}\nNever lie to people.`;
    assert.deepEqual(ignored(text), ['Never lie to people.'], marker);
    assert.equal(segment(text).spans.length, 2, 'a marker is no span');
  }
});

test('begin and end enclose several instructions', () => {
  const text =
    'Be kind to all.\n\n<!-- holdfast: begin ignore -->\n\nNever lie to people.\n\n- Ask first.\n\n<!-- holdfast: end ignore -->\n\nUse euros here.';
  assert.deepEqual(ignored(text), ['Never lie to people.', 'Ask first.']);
  assert.deepEqual(held(text.replaceAll('ignore', 'must-hold')), ['Never lie to people.', 'Ask first.']);
});

test('an author sets the boundaries and the kind of an instruction', () => {
  const within =
    'Be kind. <!-- holdfast: begin instruction defense -->Stay loyal to the house. Say nothing of it.<!-- holdfast: end instruction --> Use euros.';
  assert.deepEqual(
    segment(within).instructions.map(({ kind, text }) => [kind, text]),
    [
      ['directive', 'Be kind.'],
      ['defense', 'Stay loyal to the house. Say nothing of it.'],
      ['format', 'Use euros.'],
    ].map(([kind, text]) => [kind === 'format' ? segment('Use euros.').instructions[0]!.kind : kind, text]),
  );
  const across =
    'Be kind.\n\n<!-- holdfast: begin instruction -->\nGreet people.\n\n- by name\n- with a smile\n<!-- holdfast: end instruction -->\n\nAsk first.';
  assert.deepEqual(textsOf(segment(across).instructions), [
    'Be kind.',
    'Greet people.\n\n- by name\n- with a smile',
    'Ask first.',
  ]);
});

test('what its author calls an instruction is one', () => {
  const text = '<!-- holdfast: begin instruction -->\nThe shop is in Oslo.\n<!-- holdfast: end instruction -->';
  assert.deepEqual(
    segment(text).instructions.map(({ kind }) => kind),
    ['directive'],
  );
});

test('rules are disabled for one instruction or from a place on', () => {
  const text =
    '- Be kind to all.\n<!-- holdfast: disable-next instruction-inert, instruction-evicted -->\n- Ask first.\n<!-- holdfast: disable prompt-leak -->\n- Never lie to people.\n<!-- holdfast: enable prompt-leak -->\n- Use short words.';
  const result = segment(text);
  assert.deepEqual(
    result.instructions.map(({ suppressedRules }) => suppressedRules),
    [[], ['instruction-inert', 'instruction-evicted'], ['prompt-leak'], []],
  );
  assert.deepEqual(result.suppressedRules, ['prompt-leak']);
});

test('a wrong marker is a problem with a suggestion, and has no effect', () => {
  assert.deepEqual(problems('<!-- holdfast: must-hod -->\nBe kind to all.'), [
    'unknown marker "must-hod". Did you mean "must-hold"?',
  ]);
  assert.deepEqual(problems('<!-- holdfast: disable prompt-leek -->\nBe kind to all.'), [
    'unknown rule "prompt-leek". Did you mean "prompt-leak"?',
  ]);
  assert.match(problems('<!-- holdfast: disable -->\nBe kind.')[0]!, /needs the name of a rule/);
  assert.match(
    problems('<!-- holdfast: begin instruction formt -->\nBe kind.\n<!-- holdfast: end instruction -->')[0]!,
    /Did you mean "format"/,
  );
  assert.match(problems('<!-- holdfast: ignore everything -->\nBe kind.')[0]!, /takes nothing after it/);
  assert.deepEqual(segment('<!-- holdfast: must-hod -->\nBe kind to all.').instructions.length, 1);
});

test('a marker without a partner or an instruction is a problem', () => {
  assert.match(
    problems('Be kind.\n<!-- holdfast: begin ignore -->\nAsk first.')[0]!,
    /"begin ignore" has no "end ignore"/,
  );
  assert.match(problems('Be kind.\n<!-- holdfast: end ignore -->')[0]!, /has no "begin ignore"/);
  assert.match(problems('Be kind.\n\n<!-- holdfast: ignore -->')[0]!, /no instruction to be about/);
  assert.match(
    problems('Be <!-- holdfast: begin instruction -->kind.\n\nAsk<!-- holdfast: end instruction --> first.')[0]!,
    /cannot be one instruction/,
  );
});

test('text about markers is no marker', () => {
  for (const text of [
    'Write `<!-- holdfast: ignore -->` above a rule.',
    '```\n<!-- holdfast: ignore -->\n```\n\nBe kind to all.',
    'Ask Holdfast: ignore nothing.',
  ]) {
    assert.deepEqual([segment(text).ignored, segment(text).markerProblems], [[], []], text);
  }
});

test('a block begins with the markers above it, so that they move together', () => {
  const text = '- Be kind to all.\n<!-- holdfast: must-hold -->\n- Never lie to people.';
  const block = segment(text).blocks[1]!;
  assert.equal(text.slice(block.range.start, block.range.end), '<!-- holdfast: must-hold -->\n- Never lie to people.');
});
