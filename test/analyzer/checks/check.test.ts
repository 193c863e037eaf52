import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isApplicable, passesLoosely, passesStrictly, type BoundCheck } from '../../../src/analyzer/checks/check.ts';
import { bindCheck, checkById, checks } from '../../../src/analyzer/checks/registry.ts';

function bound(id: string, kwargs: Record<string, unknown> = {}): BoundCheck {
  const check = bindCheck(id, kwargs);
  assert.ok(isApplicable(check), JSON.stringify(check));
  return check;
}

/** Parameters with which every check can be asked. */
const examples: Readonly<Record<string, Record<string, unknown>>> = {
  'keywords:existence': { keywords: ['sun'] },
  'keywords:frequency': { keyword: 'sun', frequency: 2, relation: 'at least' },
  'keywords:forbidden_words': { forbidden_words: ['sun'] },
  'keywords:letter_frequency': { letter: 's', let_frequency: 2, let_relation: 'less than' },
  'language:response_language': { language: 'en' },
  'length_constraints:number_sentences': { num_sentences: 2, relation: 'less than' },
  'length_constraints:number_paragraphs': { num_paragraphs: 2 },
  'length_constraints:number_words': { num_words: 3, relation: 'at least' },
  'length_constraints:nth_paragraph_first_word': { num_paragraphs: 2, nth_paragraph: 1, first_word: 'sun' },
  'detectable_content:number_placeholders': { num_placeholders: 1 },
  'detectable_content:postscript': { postscript_marker: 'P.S.' },
  'detectable_format:number_bullet_lists': { num_bullets: 1 },
  'detectable_format:number_highlighted_sections': { num_highlights: 1 },
  'detectable_format:multiple_sections': { section_spliter: 'Part', num_sections: 1 },
  'combination:repeat_prompt': { prompt_to_repeat: 'sun' },
  'startend:end_checker': { end_phrase: 'sun' },
  'change_case:capital_word_frequency': { capital_frequency: 1, capital_relation: 'at least' },
  'reply:prescribed': { text: 'sun' },
  'reply:only': { options: ['sun'] },
  'reply:starts_with': { phrase: 'sun' },
  'style:banned_words': { words: ['sun'] },
  'style:characters': { characters: 20, relation: 'less than' },
  'style:questions': { questions: 1, relation: 'at least' },
  'style:bullets': { bullets: 1, relation: 'at least' },
  'style:paragraphs': { paragraphs: 2, relation: 'less than' },
};

test('ids are unique, and every check says what it asks', () => {
  assert.equal(new Set(checks.map(({ id }) => id)).size, checks.length);
  for (const { id, title } of checks) {
    assert.notEqual(title, '');
    assert.match(bound(id, examples[id]).description, /^[a-z].*/, id);
  }
});

test('a check without its parameters, with null ones or with wrong ones is not applicable, and says why', () => {
  for (const kwargs of [
    {},
    { num_words: 5 },
    { num_words: null, relation: 'at least' },
    { num_words: 0, relation: 'at least' },
    { num_words: 5, relation: 'about' },
  ]) {
    const check = bindCheck('length_constraints:number_words', kwargs);
    assert.ok(!isApplicable(check));
    assert.match(check.notApplicable, /^parameter (num_words|relation): /);
  }
  const unknown = bindCheck('length_constraints:number_lines', {});
  assert.ok(!isApplicable(unknown));
  assert.match(unknown.notApplicable, /number_lines/);
});

test('a language that is not recognised makes the check not applicable, never passed', () => {
  const check = bindCheck('language:response_language', { language: 'qu' });
  assert.ok(!isApplicable(check));
  assert.match(check.notApplicable, /qu/);
});

test('parameters that are null count as missing, as in files where each row has all columns', () => {
  assert.deepEqual(bound('punctuation:no_comma', { num_words: null, keywords: null, relation: '' }).kwargs, {});
});

test('line ends of Windows change no verdict', () => {
  const sections = bound(
    'length_constraints:nth_paragraph_first_word',
    examples['length_constraints:nth_paragraph_first_word'],
  );
  assert.ok(passesStrictly(sections, 'Sun.\r\n\r\nMoon.'));
  assert.ok(passesLoosely(bound('punctuation:no_comma'), 'Sure, here:\r\nAll fine'));
});

test('no answer that says nothing passes any check', () => {
  for (const { id } of checks) {
    for (const blank of ['', ' ', '\n\n', '\t\r\n', '\u00a0', '\u3000']) {
      assert.ok(!passesStrictly(bound(id, examples[id]), blank), id);
      assert.ok(!passesLoosely(bound(id, examples[id]), blank), id);
    }
  }
});

test('what passes strictly passes loosely, for every check and any text', () => {
  const pieces = fc.constantFrom(
    'sun',
    'Sun.',
    '*',
    '**',
    '***',
    '"',
    '\n',
    '\n\n',
    ' ',
    ',',
    '- ',
    '<<a>>',
    'P.S.',
    '[x]',
    'Part 1',
    '?',
    '{}',
    'ß',
    '🙂',
  );
  const answers = fc.oneof(
    fc.array(pieces, { maxLength: 20 }).map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme' }),
  );
  for (const { id } of checks) {
    const check = bound(id, examples[id]);
    fc.assert(
      fc.property(answers, (answer) => !passesStrictly(check, answer) || passesLoosely(check, answer)),
      { seed: 7, numRuns: 60 },
    );
  }
});

test('a hostile answer is judged in time that grows with its length alone', () => {
  const long = [
    'a '.repeat(20_000),
    '*'.repeat(40_000),
    '. '.repeat(20_000),
    '<'.repeat(40_000),
    `"${'\\'.repeat(40_000)}`,
  ];
  for (const { id } of checks) {
    const check = bound(id, examples[id]);
    const before = process.cpuUsage().user;
    for (const answer of long) passesStrictly(check, answer);
    assert.ok(process.cpuUsage().user - before < 5_000_000, id);
  }
});

test('checks are found by their ids', () => {
  assert.equal(checkById('punctuation:no_comma')?.origin, 'ifeval');
  assert.equal(checkById('reply:json')?.origin, 'holdfast');
  assert.equal(checkById('nothing'), undefined);
});
