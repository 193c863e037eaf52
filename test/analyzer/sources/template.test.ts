import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapText } from '../../../src/analyzer/sources/mappedText.ts';
import { defaultExtraction, type ExtractionOptions } from '../../../src/analyzer/sources/promptSource.ts';
import { renderTemplate, standIn, type TemplateLanguage } from '../../../src/analyzer/sources/template.ts';
import { assertMapped } from './support.ts';

function rendered(
  language: TemplateLanguage,
  text: string,
  samples: Record<string, unknown> = {},
  options: Partial<ExtractionOptions> = {},
): string {
  const source = mapText(text, { start: 0, end: text.length });
  const result = renderTemplate(source, language, samples, { ...defaultExtraction, ...options });
  assertMapped(text, result);
  return result.text;
}

const conditional = 'a{% if x %}b{% elif y %}c{% else %}d{% endif %}e';

test('of a condition the first branch is taken, or the last, or all', () => {
  assert.equal(rendered('jinja', conditional), 'abe');
  assert.equal(rendered('jinja', conditional, {}, { branch: 'last' }), 'ade');
  assert.equal(rendered('jinja', conditional, {}, { branch: 'all' }), 'abcde');
});

test('conditions inside conditions follow the branch that holds them', () => {
  const nested = '{% if a %}1{% if b %}2{% else %}3{% endif %}4{% else %}5{% if c %}6{% endif %}{% endif %}7';
  assert.equal(rendered('jinja', nested), '1247');
  assert.equal(rendered('jinja', nested, {}, { branch: 'last' }), '567');
  assert.equal(rendered('jinja', nested, {}, { branch: 'all' }), '1234567');
});

test('the body of a loop stands once, also where another branch than the first is taken', () => {
  assert.equal(
    rendered('jinja', '{% for x in y %}- {{ x }}\n{% else %}none{% endfor %}', { x: 'A' }, { branch: 'last' }),
    '- A\n',
  );
  assert.equal(rendered('handlebars', '{{#each items}}\n- {{this}}\n{{/each}}\nEnd'), `- ${standIn(4)}\nEnd`);
});

test('variables take given values, then samples, then defaults, then a stand-in of the set length', () => {
  const text = '{{ a }} {{ b.c }} {{ d | default("x") }} {{ e }}';
  const options = { values: { a: 'given' }, standInTokens: 2 };
  assert.equal(rendered('jinja', text, { a: 'sample', b: { c: 7 } }, options), 'given 7 x some given');
});

test('comments and tags have no text, and trim marks take the white space beside them', () => {
  assert.equal(rendered('jinja', 'a {#- no -#} b\n{%- set x = 1 -%}\n c{# {{ x }} #}'), 'a  bc');
  assert.equal(rendered('handlebars', 'a\n{{! no }}\n{{!-- {{x}} --}}\nb {{~ x ~}} c', { x: 1 }), 'a\nb1c');
});

test('what a template language does not know stays text', () => {
  assert.equal(rendered('jinja', '{% raw %}{{ x }}{% endraw %} 100%}'), '{{ x }} 100%}');
  assert.equal(rendered('braces', 'JSON: {{"a": {b}}} {"c": 1}', { b: 2 }), 'JSON: {"a": 2} {"c": 1}');
  assert.equal(rendered('semantic-kernel', '{{$name}} { {x} }', { name: 'Ada' }), 'Ada { {x} }');
  assert.equal(
    rendered('dollar', '$ARGUMENTS costs $5.00 ${input:x:place}', { ARGUMENTS: 'It', input: 'a' }),
    'It costs some given text here.00 a',
  );
});

test('a tag that is not closed is left out alone', () => {
  assert.equal(rendered('jinja', 'a{% if x %}b{{ c'), 'ab{{ c');
  assert.equal(rendered('handlebars', 'a{{/if}}b{{#if x}}c'), 'abc');
});

test('a sample over several lines keeps its line ends', () => {
  assert.equal(rendered('jinja', '{{ a }}!', { a: '1\r\n2' }), '1\n2!');
});
