import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentPrompt } from '../../../src/analyzer/segmentPrompt.ts';
import { assertMapped, extracted, promptsOf, sourceOf, texts } from './support.ts';

const lines = (...all: string[]): string => `${all.join('\n')}\n`;

test('partials of Dotprompt fill their place, without their front matter, through other partials', async () => {
  const file = lines('{{role "system"}}', 'You are Ada.', '{{>rules tone="warm"}}', 'Be kind.');
  const files = {
    'prompts/_rules.prompt': lines('---', 'model: x', '---', 'Be brief.', '{{>more}}'),
    'prompts/_more.prompt': 'Never lie.',
  };
  const [prompt] = await promptsOf('prompts/ada.prompt', file, files);
  assert.equal(prompt?.text, 'You are Ada.\nBe brief.\nNever lie.\nBe kind.');
  assert.equal(sourceOf(file, prompt, 'Be brief.'), '{{>rules tone="warm"}}');
});

test('a partial that leads back to itself ends, and one that is missing is noted', async () => {
  const file = '{{role "system"}}Hello.\n{{>a}}\n{{>none}}\nBe brief.';
  const [prompt] = await promptsOf('x.prompt', file, { '_a.prompt': 'A {{>a}}' });
  assert.deepEqual(prompt?.notes, [
    '{{>a}} is not followed: it leads back to _a.prompt.',
    '{{>none}} is not followed: there is no such file.',
  ]);
  assert.equal(prompt.text, 'Hello.\nA \nBe brief.');
});

test('templates of Jinja include others from their folder or one above', async () => {
  const file = lines('system:', 'You are Ada.', '{% include "rules.j2" %}', "{%- include 'none.j2' ignore missing %}");
  const files = { 'flow/rules.j2': 'Be {{ tone }}.\n{% include "shared/end.j2" %}', 'shared/end.j2': 'Never lie.' };
  const [prompt] = await promptsOf('flow/chat.jinja2', file, files);
  assert.equal(prompt?.text, 'You are Ada.\nBe some given text here.\nNever lie.');
  assert.equal(prompt.notes, undefined);
});

test('what a macro says stands where it is called, not where it is defined; a parent template is noted', async () => {
  const file = lines('{% extends "base.j2" %}', '{% macro x() %}Macro text.{% endmacro %}', 'You are Ada. {{ x() }}');
  const [prompt] = await promptsOf('prompt.j2', file);
  assert.equal(prompt?.text.trim(), 'You are Ada. some given text here');
  assert.deepEqual(prompt.notes, ['{% extends "base.j2" %} is not followed: blocks are read where they stand.']);
});

test('POML files include others, as deep as they go, and only what the system says', async () => {
  const file = lines(
    '<poml>',
    '<role>You are Ada.</role>',
    '<include src="a.poml"/>',
    '<task>Be kind.</task>',
    '</poml>',
  );
  const files = {
    'a.poml': lines('<poml><task>Be brief.</task>', '<human-msg>Hello</human-msg>', '<include src="b/b.poml"/></poml>'),
    'b/b.poml': '<poml><hint>Use tabs.</hint><document src="c.txt"/><include src="../a.poml"/></poml>',
    'b/c.txt': 'Never lie.',
  };
  const [prompt] = await promptsOf('bot.poml', file, files);
  assert.equal(prompt?.text, 'You are Ada.\nBe brief.\nUse tabs.\nNever lie.\nBe kind.');
  assert.deepEqual(prompt.notes, ['<include src="../a.poml"> is not followed: it leads back to a.poml.']);
  assert.equal(sourceOf(file, prompt, 'Use tabs.'), '<include src="a.poml"/>');
  assert.deepEqual(
    segmentPrompt(prompt).instructions.map(({ text }) => text),
    ['You are Ada.', 'Be kind.'],
  );
});

test('elements of POML that are never there are left out, and those whose condition is not known by the branch', async () => {
  const file = '<poml><task if="false">Never.</task><task if="{{vip}}">Offer tea.</task><task>Be kind.</task></poml>';
  assert.deepEqual(await texts('a.poml', file), ['Offer tea.\nBe kind.']);
  assert.deepEqual(await texts('a.poml', file, {}, { branch: 'last' }), ['Be kind.']);
});

test('variables of POML come from files too', async () => {
  const file =
    '<poml><let name="tone" src="tone.txt"/><let src="all.json"/><task>Be {{tone}} with {{user.name}}.</task></poml>';
  assert.deepEqual(await texts('a.poml', file, { 'tone.txt': 'warm', 'all.json': '{"user": {"name": "Grace"}}' }), [
    'Be warm with Grace.',
  ]);
});

test('Prompty reads values from files below it and defaults of the environment, wherever they stand', async () => {
  const head = (...inputs: string[]): string =>
    lines('---', 'name: x', ...inputs, '---', 'You are {{name}}, {{mood}}.');
  const files = {
    'p/inputs.json': '{"name": {"default": "Ada"}, "mood": {"default": "calm"}}',
    'p/deep/name.txt': 'Ada\n',
    'secret.txt': 'no',
  };
  const file = (...inputs: string[]) => texts('p/bot.prompty', head(...inputs), files);
  assert.deepEqual(await file('inputs: ${file:inputs.json}'), ['You are Ada, calm.']);
  assert.deepEqual(
    await file('inputs:', '  name: {default: "${file:deep/name.txt}"}', '  mood: {default: "${env:MOOD:calm}"}'),
    ['You are Ada, calm.'],
  );
  const [outside] = await promptsOf('p/bot.prompty', head('sample: ${file:../secret.txt}'), files);
  assert.deepEqual(outside?.notes, [
    '${file:../secret.txt} is not followed: it does not lie below the folder of this file.',
  ]);
});

/** Where prompts are that a file names, and what they say. */
async function named(path: string, text: string, files: Readonly<Record<string, string>>): Promise<string[][]> {
  const { prompts, elsewhere = [] } = await extracted(path, text, files);
  for (const { prompt, fileText } of elsewhere) assertMapped(fileText, prompt);
  return [...prompts, ...elsewhere.map(({ prompt }) => prompt)].map((prompt) => [prompt.uri, prompt.text]);
}

test('promptfoo names files of texts and of chats', async () => {
  const file = lines(
    'prompts:',
    '  - file://a.txt',
    '  - {id: "file://chat.json", label: x}',
    '  - chat.yaml',
    '  - file://made.py:f',
    '  - langfuse://x',
    'tests: [{vars: {name: Grace}}]',
  );
  const files = {
    'e/a.txt': 'Greet {{name}}.\n---\nBe brief.\n',
    'e/chat.json': '[{"role": "system", "content": "You are Ada."}, {"role": "user", "content": "x"}]',
    'e/chat.yaml': '- role: system\n  content: Never lie.\n',
  };
  assert.deepEqual(await named('e/promptfooconfig.yaml', file, files), [
    ['e/a.txt', 'Greet Grace.'],
    ['e/a.txt', 'Be brief.'],
    ['e/chat.json', 'You are Ada.'],
    ['e/chat.yaml', 'Never lie.'],
  ]);
});

test('agents of opencode and templates of LangChain name files', async () => {
  const opencode =
    '{"agent": {"a": {"mode": "primary", "prompt": "{file:./prompts/a.txt}"}, "b": {"prompt": "{env:X}"}}}';
  assert.deepEqual(await named('opencode.json', opencode, { 'prompts/a.txt': 'Be brief.\n' }), [
    ['prompts/a.txt', 'Be brief.'],
  ]);
  const langchain = lines('_type: prompt', 'template_path: prompts/a.txt', 'partial_variables: {name: Ada}');
  assert.deepEqual(await named('x/qa.yaml', langchain, { 'prompts/a.txt': 'You are {name}.' }), [
    ['prompts/a.txt', 'You are Ada.'],
  ]);
});
