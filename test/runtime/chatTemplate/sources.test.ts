import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { chatTemplateFromFolder, chatTemplateFromGguf } from '../../../src/runtime/chatTemplate/index.ts';
import { refusesTemplate } from '../../support/chatTemplates.ts';
import { withFolder } from '../../support/folders.ts';

const rendered = (template: ReturnType<typeof chatTemplateFromGguf>) =>
  template.render([{ role: 'system', content: 'x' }], { addGenerationPrompt: false });
const config = { bos_token: '<a>', eos_token: { content: '<b>' }, chat_template: '{{ bos_token }}1{{ eos_token }}' };

test('a GGUF file gives its template the texts of its own BOS and EOS tokens', () => {
  const template = chatTemplateFromGguf(
    new Map<string, string | number | string[]>([
      ['tokenizer.chat_template', '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}'],
      ['tokenizer.ggml.tokens', ['<a>', '<b>']],
      ['tokenizer.ggml.bos_token_id', 0],
      ['tokenizer.ggml.eos_token_id', 1],
    ]),
  );
  assert.equal(rendered(template), '<a>x<b>');
  assert.throws(() => chatTemplateFromGguf(new Map()), refusesTemplate(/no chat template/));
});

test('a folder has its template in a file of its own, else in the configuration of the tokenizer', () => {
  const files = { 'tokenizer_config.json': config };
  assert.equal(
    withFolder(files, (folder) => rendered(chatTemplateFromFolder(folder))),
    '<a>1<b>',
  );
  const withJson = { ...files, 'chat_template.json': { chat_template: '{{ bos_token }}2' } };
  assert.equal(
    withFolder(withJson, (folder) => rendered(chatTemplateFromFolder(folder))),
    '<a>2',
  );
  const withJinja = { ...withJson, 'chat_template.jinja': '{{ bos_token }}3' };
  assert.equal(
    withFolder(withJinja, (folder) => rendered(chatTemplateFromFolder(folder))),
    '<a>3',
  );
});

test('of several templates the one named default is used', () => {
  const several = [
    { name: 'tool_use', template: 'tools' },
    { name: 'default', template: 'default' },
  ];
  const files = { 'tokenizer_config.json': { chat_template: several } };
  assert.equal(
    withFolder(files, (folder) => rendered(chatTemplateFromFolder(folder))),
    'default',
  );
});

test('a folder without a template and one with a damaged configuration are refused', () => {
  assert.throws(() => withFolder({}, chatTemplateFromFolder), refusesTemplate(/no chat template/));
  assert.throws(
    () => withFolder({ 'tokenizer_config.json': '{' }, chatTemplateFromFolder),
    (error) =>
      error instanceof HoldfastError && error.code === 'model-format' && error.message.includes('tokenizer_config'),
  );
  assert.throws(
    () => withFolder({ 'tokenizer_config.json': { chat_template: 7 } }, chatTemplateFromFolder),
    (error) =>
      error instanceof HoldfastError && error.code === 'model-format' && error.message.includes('chat_template'),
  );
});
