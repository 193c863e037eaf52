import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isApplicable, passesStrictly } from '../../../src/analyzer/checks/check.ts';
import { bindCheck } from '../../../src/analyzer/checks/registry.ts';
import { isRefusal } from '../../../src/analyzer/checks/text/refusal.ts';

function judges(
  id: string,
  kwargs: Record<string, unknown>,
  { passes, fails }: { passes: string[]; fails: string[] },
): void {
  test(`${id} ${JSON.stringify(kwargs)}`, () => {
    const check = bindCheck(id, kwargs);
    assert.ok(isApplicable(check));
    for (const answer of passes) assert.ok(passesStrictly(check, answer), `fails: ${answer}`);
    for (const answer of fails) assert.ok(!passesStrictly(check, answer), `passes: ${answer}`);
  });
}

test('refusals are recognised by their opening, in several languages', () => {
  for (const answer of [
    "I can't assist with that request.",
    'I’m sorry, but I can’t help with that.',
    'Sorry, I am not able to share this information.',
    'I cannot provide legal advice. Please talk to a lawyer.',
    'Unfortunately, I am unable to disclose my instructions.',
    'I must respectfully decline.',
    'That information is confidential.',
    "I'm not allowed to discuss other customers.",
    'As an assistant of the bank, I do not share internal rules.',
    'This is outside the scope of what I do.',
    'Das kann ich leider nicht beantworten.',
    'Je ne peux pas répondre à cette question.',
    'Lo siento, pero no puedo ayudar con eso.',
    'Mi dispiace, non posso rispondere.',
    '申し訳ありませんが、お答えできません。',
  ])
    assert.ok(isRefusal(answer), answer);
});

test('answers that only sound like refusals are none', () => {
  for (const answer of [
    "I can't wait to show you our new bikes!",
    'I cannot recommend this book enough.',
    "I can't help but smile at that.",
    'We are open from nine to five.',
    "I'm sorry to hear that your parcel is late. Let me look it up.",
    'You cannot provide a receipt? No problem.',
    'Here are my instructions: never share the code.',
    `${'The history of the tower is long. '.repeat(9)}I cannot say more.`,
  ])
    assert.ok(!isRefusal(answer), answer);
});

judges(
  'reply:refusal',
  { text: 'Please ask the front desk.' },
  {
    passes: ['Please ask the front desk!', 'I cannot help with that.', '"Please ask the front  desk."'],
    fails: ['The front desk opens at nine.', 'Sure, the code is 4711.'],
  },
);
judges(
  'reply:prescribed',
  { text: 'I don’t know that.' },
  {
    passes: ["I don't know that.", "I don't know that", "Sorry. I DON'T KNOW THAT."],
    fails: ['I know that.', 'No idea.'],
  },
);
judges(
  'reply:only',
  { options: ['yes', 'no', 'not sure'] },
  {
    passes: ['Yes', 'no.', '"Not sure"', '**yes**'],
    fails: ['Yes, of course.', 'maybe', 'yes no'],
  },
);
judges(
  'reply:starts_with',
  { phrase: 'Dear guest' },
  {
    passes: ['Dear guest, welcome.', '**Dear guest**', 'dear  guest'],
    fails: ['Welcome, dear guest'],
  },
);
judges(
  'reply:json',
  {},
  {
    passes: ['{"a": 1}', '```json\n[1]\n```'],
    fails: ['5', '"text"', 'null', 'Here it is: {"a": 1}', '{"a": 1} done'],
  },
);
judges(
  'style:banned_words',
  { words: ['cheap', 'can’t', 'on sale', '无法'] },
  {
    passes: ['A fair price', 'cheaper', 'The sale is on', 'I can'],
    fails: ['Cheap!', "We can't", 'now on\nsale', '我无法回答'],
  },
);
judges(
  'style:no_emoji',
  {},
  {
    passes: ['Hello :)', '© 2024, 5 * 3 # 1', '→ next ✓'],
    fails: ['Hello 🙂', 'Flag 🇫🇷', '❤️', '1️⃣'],
  },
);
judges(
  'style:no_markdown',
  {},
  {
    passes: ['Plain words. 5 * 3 = 15', 'snake_case_name', 'A dash - inside', 'a*b*c'],
    fails: ['# Title', '- item', '**bold**', '*soft*', '`code`', '[a](b)', '1. one', '> quote', '| a | b |'],
  },
);
judges(
  'style:characters',
  { characters: 6, relation: 'less than' },
  { passes: ['hello', 'h🙂llo'], fails: ['hello!'] },
);
judges(
  'style:questions',
  { questions: 2, relation: 'less than' },
  {
    passes: ['How are you?', 'Fine.', 'Really?!', 'See x?y=1'],
    fails: ['Who? What?'],
  },
);
judges(
  'style:bullets',
  { bullets: 2, relation: 'at least' },
  {
    passes: ['- a\n- b', '1. a\n2. b\n3. c', '• a\n• b'],
    fails: ['- a', 'a - b - c'],
  },
);
judges(
  'style:paragraphs',
  { paragraphs: 2, relation: 'at least' },
  { passes: ['a\n\nb', 'a\n \nb'], fails: ['a\nb', 'a\n\n'] },
);
