import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChatTemplate, encodeSystemTurn, encodeUserSuffix } from '../../../src/runtime/chatTemplate/index.ts';
import { createByteLevelBpe } from '../../../src/runtime/tokenizer/byteLevelBpe.ts';
import { chatml, refusesTemplate as refuses, withoutSystemRole } from '../../support/chatTemplates.ts';
import { smallVocabulary } from '../../support/vocabulary.ts';

const tokenizer = createByteLevelBpe(smallVocabulary());
const endId = tokenizer.idOf('<|im_end|>')!;
const plain = chatml();
const trimming = chatml(`message['content'] | trim`);

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

test('where the tokenizer merges across the end of the turn, another user text is refused', () => {
  const merging = createChatTemplate({
    source: `{% for message in messages %}{{ message.content }}{% if loop.last %}<|im_end|>{% endif %}{% endfor %}`,
  });
  assert.equal(tokenizer.decode(encodeSystemTurn(merging, tokenizer, 'hell').ids), 'hell');
  assert.throws(
    () => encodeUserSuffix(merging, tokenizer, 'hell', 'o'),
    refuses(/not the beginning/, /token \d+ of \d+/),
  );
});

for (const [how, template] of Object.entries(withoutSystemRole)) {
  test(`without a system role (${how}) the prompt stands in front of what the user says`, () => {
    const turn = encodeSystemTurn(template, tokenizer, 'Be kind.');
    assert.equal(turn.placement, 'first-user-message');
    assert.equal(turn.text, '<|im_start|>user\nBe kind.');
    assert.equal(turn.text.slice(turn.content.start, turn.content.end), 'Be kind.');
    const conversation = '<|im_start|>user\nBe kind.\n\nWho?<|im_end|>\n<|im_start|>model\n';
    const suffix = encodeUserSuffix(template, tokenizer, 'Be kind.', 'Who?');
    assert.deepEqual([...turn.ids, ...suffix], Array.from(tokenizer.encode(conversation).ids));
  });
}

test('a token that joins the end of the prompt with the blank line after it belongs to the turn', () => {
  const source = smallVocabulary({ pre: 'qwen2' });
  const tokens = [...source.tokens, '.Ċ', '.ĊĊ', '.ĊĊĊ'];
  const joining = createByteLevelBpe({
    ...source,
    tokens,
    merges: [...source.merges, '. Ċ', '.Ċ Ċ', '.ĊĊ Ċ'],
    tokenTypes: [...Array.from(source.tokenTypes), 1, 1, 1],
  });
  const turn = encodeSystemTurn(withoutSystemRole.prefixing, joining, 'hello.');
  assert.equal(turn.text, '<|im_start|>user\nhello.\n\n');
  assert.equal(turn.text.slice(turn.content.start, turn.content.end), 'hello.');
  assert.equal(joining.decode(encodeUserSuffix(withoutSystemRole.prefixing, joining, 'hello.', 'o')).slice(0, 1), 'o');
  assert.throws(
    () => encodeUserSuffix(withoutSystemRole.silent, joining, 'hello.', '\no'),
    refuses(/not the beginning/),
  );
});

test('a template that needs a user message, or ends what it renders, still has a turn for the system message', () => {
  const turn = '<|im_start|>system\nBe kind.<|im_end|>\n';
  const needsUser = createChatTemplate({
    source:
      `{% if messages | selectattr('role', 'equalto', 'user') | list | length == 0 %}{{ raise_exception('No user') }}{% endif %}` +
      `{% for message in messages %}<|im_start|>{{ message.role + '\\n' + message.content }}<|im_end|>{{ '\\n' }}{% endfor %}`,
  });
  const ending = createChatTemplate({
    source:
      `{% for message in messages %}<|im_start|>{{ message.role + '\\n' + message.content }}<|im_end|>{{ '\\n' }}{% endfor %}` +
      `{% if not add_generation_prompt %}<|im_end|>{% endif %}`,
  });
  for (const template of [needsUser, ending]) {
    const { text, placement } = encodeSystemTurn(template, tokenizer, 'Be kind.');
    assert.equal(text, turn);
    assert.equal(placement, 'system-role');
  }
});

test('a conversation begins with exactly one BOS, whoever writes it', () => {
  const withBos = createByteLevelBpe(smallVocabulary({ bos: '<|im_end|>!' }));
  const bos = withBos.idOf('<|im_end|>!');
  for (const template of [plain, withoutSystemRole.prefixing]) {
    const turn = encodeSystemTurn(template, withBos, 'hello');
    assert.equal(turn.ids[0], bos);
    assert.equal(turn.text.slice(turn.content.start, turn.content.end), 'hello');
    assert.equal(encodeSystemTurn(template, tokenizer, 'hello').ids.length, turn.ids.length - 1);
  }
  const both = createChatTemplate({
    source: `{{ bos_token }}{% for message in messages %}<|im_start|>{{ message.content }}<|im_end|>{% endfor %}`,
    bosToken: '<|im_end|>!',
  });
  assert.equal(encodeSystemTurn(both, withBos, 'hello').ids.filter((id) => id === bos).length, 1);
});

test('a template that leaves the system message out, repeats it or rewrites it is refused', () => {
  const silent = createChatTemplate({ source: `<|im_start|>` });
  assert.throws(() => encodeSystemTurn(silent, tokenizer, 'x'), refuses(/text 1 of the conversation 0 times/));
  assert.throws(() => encodeSystemTurn(chatml('message.content * 2'), tokenizer, 'x'), refuses());
  const twice = chatml('message.content + message.content');
  assert.throws(() => encodeSystemTurn(twice, tokenizer, 'x'), refuses(/text 1 of the conversation 2 times/));
  const rewriting = chatml(`message.content | replace('kind', 'rude')`);
  assert.throws(() => encodeSystemTurn(rewriting, tokenizer, 'Be kind.'), refuses(/changes the text/));
  assert.equal(encodeSystemTurn(rewriting, tokenizer, 'Be short.').content.start, 19);
});
