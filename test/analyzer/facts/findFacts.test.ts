import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findFacts } from '../../../src/analyzer/facts/index.ts';
import { segment } from '../../../src/analyzer/segmentation/index.ts';

const facts = (text: string): string[] =>
  findFacts(text, segment(text)).map(
    ({ kind, text: value, leadIn }) => `${kind}: ${text.slice(leadIn.start, leadIn.end)}[${value}]`,
  );

test('finds what a prompt states, with the words that lead in to it', () => {
  assert.deepEqual(facts('You are Ada, the assistant of a bank.'), ['name: You are [Ada]']);
  assert.deepEqual(facts('Our phone number is +44 20 7946 0018.'), ['phone: Our phone number is [+44 20 7946 0018]']);
  assert.deepEqual(facts('Write to help@shop.example for returns.'), ['email: Write to [help@shop.example]']);
  assert.deepEqual(facts('The form is at https://shop.example/returns?x=1.'), [
    'url: The form is at [https://shop.example/returns?x=1]',
  ]);
  assert.deepEqual(facts('The shop is open from 9:00 to 17:30 on weekdays.'), [
    'hours: The shop is open from [9:00 to 17:30]',
  ]);
  assert.deepEqual(facts('Shipping costs 4.90 euros within Germany.'), ['price: Shipping costs [4.90 euros]']);
  assert.deepEqual(facts('The premium plan is $12 a month.'), ['price: The premium plan is [$12]']);
  assert.deepEqual(facts('The sale ends on 3 May 2026.'), ['date: The sale ends on [3 May 2026]']);
  assert.deepEqual(facts('Returns are possible within 30 days.'), ['number: Returns are possible within [30 days]']);
  assert.deepEqual(facts('The hotel manager is Mrs. Ana Duarte.'), ['name: The hotel manager is Mrs. [Ana Duarte]']);
});

test('a line and a label lead in to their own values only', () => {
  const text = [
    'Contact',
    '',
    '- Phone: 0800 555 010',
    '- E-mail: hello@inn.example',
    '- The code is on the door. The owner is Omar Haddad.',
  ].join('\n');
  assert.deepEqual(facts(text), [
    'phone: Phone: [0800 555 010]',
    'email: E-mail: [hello@inn.example]',
    'name: The owner is [Omar Haddad]',
  ]);
});

test('is silent about what states nothing', () => {
  for (const text of [
    'Answer in at most 3 sentences.',
    'Keep replies under 100 words.',
    'Never promise delivery before 3 days.',
    'Give dates such as 3 May 2026.',
    'If it is less than 30 days, accept the return.',
    'Ages range from 8 to 18 years.',
    'Speak to the customer in English.',
    'The tone is Friendly and calm.',
    'Run `curl https://api.example/v1` first.',
    'See [the docs](https://docs.example/start).',
    'Greet {{customer_name}} at {{shop@mail.example}}.',
    '42',
    'https://alone.example',
    'Use version 3.50 of it.',
    'User: The price is 5 euros.\nAssistant: Thanks.',
  ])
    assert.deepEqual(facts(text), [], text);
});

test('ranges lie in the text, in order and apart, and lead-ins end where their values begin, for any text', () => {
  const pieces = fc.constantFrom(
    'Our price is ',
    '12 EUR',
    '. ',
    '\n',
    '- ',
    'a@b.example',
    ' at 9:00 to 17:00',
    '+49 30 123456',
    '{{x}}',
    'The owner is ',
    'Ana',
    ' 3 May',
    '"',
    '`',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
      const text = parts.join('');
      let end = 0;
      for (const { range, leadIn, text: value } of findFacts(text, segment(text))) {
        assert.equal(text.slice(range.start, range.end), value);
        assert.equal(leadIn.end, range.start);
        assert.ok(leadIn.start < leadIn.end && range.start >= end);
        end = range.end;
      }
    }),
    { seed: 11, numRuns: 300 },
  );
});
