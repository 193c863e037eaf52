import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChatTemplate, type ChatMessage } from '../../../src/runtime/chatTemplate/index.ts';
import { refusesTemplate } from '../../support/chatTemplates.ts';

const system: readonly ChatMessage[] = [{ role: 'system', content: 'x' }];
const render = (source: string, addGenerationPrompt = false) =>
  createChatTemplate({ source, bosToken: '<s>', eosToken: '</s>' }).render(system, { addGenerationPrompt });

test('a source that is not a template is refused', () => {
  assert.throws(() => createChatTemplate({ source: '{% for %}' }), refusesTemplate(/cannot be read/));
});

test('a template that refuses a conversation is refused in its own words', () => {
  const strict = `{{ raise_exception('System role not supported') }}`;
  assert.throws(() => render(strict), refusesTemplate(/conversation of system: .*System role not supported/));
});

test('a template that writes the date writes the same one every day, in English', () => {
  const text = render(`\n{{ strftime_now('%d %B %Y, %b %A 100%%') }}: {{ messages[0].content }}`);
  assert.equal(text, '\n01 January 2026, Jan Thursday 100%: x');
});

test('a model that can think first is told not to', () => {
  const source =
    `{{ messages[0].content }}{% if add_generation_prompt %}` +
    `{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}{% endif %}`;
  assert.equal(render(source, true), 'x<think></think>');
});

test('there are no tools, whether a template asks for none or for undefined', () => {
  assert.equal(render(`{% if tools is not none %}{{ tools | length }}{% endif %}x`), 'x');
  assert.equal(render(`{% if tools is defined %}{% for tool in tools %}{{ tool.name }}{% endfor %}{% endif %}x`), 'x');
});

test('BOS and EOS have the texts of the model', () => {
  assert.equal(render('{{ bos_token }}{{ messages[0].content }}{{ eos_token }}'), '<s>x</s>');
});
