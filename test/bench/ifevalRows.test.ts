import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { readIfevalFile, sampleOf } from '../../bench/ifevalRows.ts';
import { HoldfastError } from '../../src/errors.ts';
import { withFolder } from '../support/folders.ts';

const row = (ids: string[], kwargs: unknown[], user = 'Name a colour.') =>
  JSON.stringify({
    key: 7,
    instruction_id_list: ids,
    kwargs,
    messages: [
      { role: 'system', content: 'Use no commas.' },
      { role: 'user', content: user },
    ],
  });

const read = (...lines: string[]) =>
  withFolder({ 'rows.jsonl': `${lines.join('\n')}\n` }, (folder) => readIfevalFile(path.join(folder, 'rows.jsonl')));

describe('a file in the format of S-IFEval', () => {
  test('gives its instructions with their families, and remembers the line', () => {
    const { rows, notes } = read('', row(['punctuation:no_comma', 'keywords:existence'], [{}, { keywords: ['red'] }]));
    assert.deepEqual(
      rows.map(({ line, key, instructions }) => [line, key, instructions.map(({ family }) => family)]),
      [[2, '7', ['punctuation', 'keywords']]],
    );
    assert.deepEqual(notes, []);
  });

  test('asks to repeat the message that is shown, and says where the file asks for another', () => {
    const repeated = (text: string) => row(['combination:repeat_prompt'], [{ prompt_to_repeat: text }]);
    const { rows, notes } = read(repeated('Name a colour. Do not use commas.'), repeated('Name a colour.'));
    for (const { instructions } of rows) assert.ok(instructions[0]!.check.passes('Name a colour. Red.'));
    assert.match(notes.join(), /^1 rows of combination:repeat_prompt/);
  });

  test('leaves an instruction out that cannot be judged, and says why', () => {
    const { rows, notes } = read(row(['keywords:existence', 'no:such'], [{}, {}]));
    assert.equal(rows[0]!.instructions.length, 0);
    assert.match(notes.join('\n'), /Line 1: keywords:existence is not judged: .*\nLine 1: no:such is not judged/);
  });

  for (const [name, lines, wanted] of [
    ['text that is not JSON', [row(['punctuation:no_comma'], [{}]), '{'], /rows\.jsonl, line 2: is not JSON/],
    [
      'a row without a system message',
      [JSON.stringify({ key: 1, instruction_id_list: ['a'], kwargs: [{}], messages: [] })],
      /line 1: .*messages/,
    ],
    ['as many parameters as instructions', [row(['punctuation:no_comma'], [])], /line 1: .*different lengths/],
    ['no rows', [''], /has no rows/],
  ] as const) {
    test(`is refused with the place of ${name}`, () => {
      assert.throws(
        () => read(...lines),
        (error) => error instanceof HoldfastError && wanted.test(error.message) && error.hint !== undefined,
      );
    });
  }

  test('that is not there is refused by name', () => {
    assert.throws(() => readIfevalFile('/nowhere/rows.jsonl'), /\/nowhere\/rows\.jsonl cannot be read/);
  });
});

test('a larger sample goes on from a smaller one of the same seed, and another seed gives another', () => {
  const rows = Array.from({ length: 50 }, (_, i) => i);
  const small = sampleOf(rows, 10, 42);
  assert.deepEqual(sampleOf(rows, 20, 42).slice(0, 10), small);
  assert.deepEqual(
    sampleOf(rows, 50, 42).sort((a, b) => a - b),
    rows,
  );
  assert.notDeepEqual(sampleOf(rows, 10, 43), small);
});
