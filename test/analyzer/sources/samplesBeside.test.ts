import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptsOf } from './support.ts';

const lines = (...text: string[]): string => `${text.join('\n')}\n`;
const samplesOf = async (...args: Parameters<typeof promptsOf>): Promise<(readonly string[] | undefined)[]> =>
  (await promptsOf(...args)).map(({ samples }) => samples);

test('promptfoo: the user turn of a chat with the values of each test', async () => {
  const text = lines(
    'prompts:',
    '  - - role: system',
    '      content: Be brief.',
    '    - role: user',
    '      content: "{{question}} ({{tone}})"',
    'defaultTest:',
    '  vars:',
    '    tone: calm',
    'tests:',
    '  - vars:',
    '      question: Why?',
    '  - vars:',
    '      question: [How?, Where?]',
    '      tone: loud',
    '  - vars:',
    '      question: file://long.txt',
  );
  assert.deepEqual(await samplesOf('promptfooconfig.yaml', text), [['Why? (calm)', 'How? (loud)']]);
});

test('promptfoo: without a user turn the value whose name says that it is one', async () => {
  const text = lines(
    'prompts:',
    '  - - role: system',
    '      content: You work for {{company}}.',
    'tests:',
    '  - vars: {company: Acme, question: Do you deliver?}',
    '  - vars: {company: Acme}',
  );
  assert.deepEqual(await samplesOf('promptfooconfig.yaml', text), [['Do you deliver?']]);
});

test('promptfoo: a prompt without roles is a user turn itself', async () => {
  const text = lines('prompts:', '  - You are Ada. Answer {{question}}.', 'tests:', '  - vars: {question: why}');
  assert.deepEqual(await samplesOf('promptfooconfig.yaml', text), [undefined]);
});

test('GitHub Models: the user message with each row of testData', async () => {
  const text = lines(
    'messages:',
    '  - role: system',
    '    content: You are Ada.',
    '  - role: user',
    '    content: "Sum up: {{input}}"',
    'testData:',
    '  - input: Rain all day.',
    '    expected: Rain.',
    '  - input: Sun at last.',
    '  - expected: nothing',
  );
  assert.deepEqual(await samplesOf('sum.prompt.yml', text), [['Sum up: Rain all day.', 'Sum up: Sun at last.']]);
});

test('Prompty: the user turn with the sample, inline and in a file', async () => {
  const body = ['---', 'system:', 'You are Ada.', '', 'user:', '{{question}}'];
  const inline = lines('---', 'sample:', '  question: Where is my book?', ...body);
  assert.deepEqual(await samplesOf('bot.prompty', inline), [['Where is my book?']]);
  const outside = lines('---', 'sample: ${file:sample.json}', ...body);
  assert.deepEqual(await samplesOf('bot.prompty', outside, { 'sample.json': '{"question": "And mine?"}' }), [
    ['And mine?'],
  ]);
  assert.deepEqual(await samplesOf('bot.prompty', lines('---', 'name: Bot', ...body)), [undefined]);
});
