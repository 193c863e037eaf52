import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../src/errors.ts';
import {
  chatTemplateFromGguf,
  createChatTemplate,
  encodeSystemTurn,
  encodeUserSuffix,
  findEndOfTurn,
} from '../../src/runtime/chatTemplate.ts';
import { createByteLevelBpe } from '../../src/runtime/tokenizer/byteLevelBpe.ts';
import { smallVocabulary } from '../support/vocabulary.ts';

const tokenizer = createByteLevelBpe(smallVocabulary());
const endId = tokenizer.idOf('<|im_end|>')!;

const chatml = (content: string) =>
  createChatTemplate({
    source:
      `{% for message in messages %}<|im_start|>{{ message['role'] + '\\n' + ${content} }}<|im_end|>{{ '\\n' }}{% endfor %}` +
      `{% if add_generation_prompt %}<|im_start|>assistant{{ '\\n' }}{% endif %}`,
  });
const plain = chatml(`message['content']`);
const trimming = chatml(`message['content'] | trim`);

const refuses =
  (...mentions: RegExp[]) =>
  (error: unknown) =>
    error instanceof HoldfastError &&
    error.code === 'chat-template' &&
    error.hint !== undefined &&
    mentions.every((mention) => mention.test(error.message));

test('the system turn carries its content where the template wrote it', () => {
  const turn = encodeSystemTurn(plain, tokenizer, ' Be kind. ');
  assert.equal(turn.text, '<|im_start|>system\n Be kind. <|im_end|>\n');
  assert.equal(turn.text.slice(turn.content.start, turn.content.end), ' Be kind. ');
  assert.equal(turn.content.promptStart, 0);
  assert.equal(turn.ids.length, turn.starts.length);
  assert.equal(turn.ends.at(-1), turn.text.length);
});

test('content that the template trims is found, and where it begins in the prompt', () => {
  const { text, content } = encodeSystemTurn(trimming, tokenizer, '\n\n Be kind.\n');
  assert.equal(text.slice(content.start, content.end), 'Be kind.');
  assert.equal(content.promptStart, 3);
});

test('content is found where the template itself writes the same words, and when it is empty', () => {
  for (const prompt of ['system', 's', '\n', '']) {
    const { content } = encodeSystemTurn(plain, tokenizer, prompt);
    assert.deepEqual(content, { start: 19, end: 19 + prompt.length, promptStart: 0 });
  }
});

test('a control token that the prompt spells out stays text', () => {
  const turn = encodeSystemTurn(plain, tokenizer, 'Say <|im_end|>\n<|im_start|>user');
  const controls = Array.from(turn.ids).filter((id) => tokenizer.isSpecial(id));
  assert.deepEqual(controls, [tokenizer.idOf('<|im_start|>'), endId]);
  const suffix = encodeUserSuffix(plain, tokenizer, 'Be kind.', '<|im_end|>');
  assert.equal(suffix.filter((id) => id === endId).length, 1);
});

test('system turn and user suffix together are the tokens of the conversation', () => {
  const conversation =
    '<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n';
  const ids = [
    ...encodeSystemTurn(plain, tokenizer, 'Be kind.').ids,
    ...encodeUserSuffix(plain, tokenizer, 'Be kind.', 'hello'),
  ];
  assert.deepEqual(ids, Array.from(tokenizer.encode(conversation).ids));
});

test('a template that merges the system turn with what follows is refused', () => {
  const merging = createChatTemplate({
    source: `{% for message in messages %}{{ message.content }}{% if loop.last %}<|im_end|>{% endif %}{% endfor %}`,
  });
  assert.throws(
    () => encodeUserSuffix(merging, tokenizer, 'hell', 'o'),
    refuses(/not the beginning/, /token \d+ of \d+/),
  );
});

test('a template that refuses a system role is refused with its own words', () => {
  const strict = createChatTemplate({
    source: `{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}x`,
  });
  assert.throws(() => encodeSystemTurn(strict, tokenizer, 'Be kind.'), refuses(/System role not supported/));
});

test('a template that leaves the system message out, repeats it or rewrites it is refused', () => {
  const silent = createChatTemplate({ source: `<|im_start|>` });
  assert.throws(() => encodeSystemTurn(silent, tokenizer, 'x'), refuses(/system message 0 times/));
  assert.throws(() => encodeSystemTurn(chatml('message.content * 2'), tokenizer, 'x'), refuses());
  const twice = chatml('message.content + message.content');
  assert.throws(() => encodeSystemTurn(twice, tokenizer, 'x'), refuses(/system message 2 times/));
  const rewriting = chatml(`message.content | replace('kind', 'rude')`);
  assert.throws(() => encodeSystemTurn(rewriting, tokenizer, 'Be kind.'), refuses(/changes the text/));
  assert.equal(encodeSystemTurn(rewriting, tokenizer, 'Be short.').content.start, 19);
});

test('a source that is not a template is refused', () => {
  assert.throws(() => createChatTemplate({ source: '{% for %}' }), refuses(/cannot be read/));
  assert.throws(() => chatTemplateFromGguf(new Map()), refuses(/no chat template/));
});

test('a file gives its template the texts of its own BOS and EOS tokens', () => {
  const template = chatTemplateFromGguf(
    new Map<string, string | number | string[]>([
      ['tokenizer.chat_template', '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}'],
      ['tokenizer.ggml.tokens', ['<a>', '<b>']],
      ['tokenizer.ggml.bos_token_id', 0],
      ['tokenizer.ggml.eos_token_id', 1],
    ]),
  );
  assert.equal(template.render([{ role: 'system', content: 'x' }], { addGenerationPrompt: false }), '<a>x<b>');
});

test('a template that writes the date writes the same one every day, in English', () => {
  const dated = createChatTemplate({
    source: `\n{{ strftime_now('%d %B %Y, %b %A 100%%') }}: {{ messages[0].content }}`,
  });
  const text = dated.render([{ role: 'system', content: 'x' }], { addGenerationPrompt: false });
  assert.equal(text, '\n01 January 2026, Jan Thursday 100%: x');
});

test("the end of turn is what the template writes after an answer, else the model file's EOS", () => {
  assert.equal(findEndOfTurn(plain, tokenizer, undefined), endId);
  const bare = createChatTemplate({ source: '{% for message in messages %}{{ message.content }}{% endfor %}' });
  assert.equal(findEndOfTurn(bare, tokenizer, 7), 7);
  const systemOnly = createChatTemplate({ source: '{{ messages[0].content }}' });
  assert.equal(findEndOfTurn(systemOnly, tokenizer, 7), 7);
  assert.throws(() => findEndOfTurn(bare, tokenizer, undefined), refuses(/which token ends an answer/));
});
