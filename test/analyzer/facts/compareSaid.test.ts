import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareSaid } from '../../../src/analyzer/facts/compareSaid.ts';
import type { FactKind } from '../../../src/analyzer/facts/index.ts';

const outcome = (kind: FactKind, text: string, leadIn: string, said: string): string =>
  compareSaid({ kind, text }, leadIn, said).outcome;

test('the same value in another notation is stated', () => {
  for (const [kind, text, leadIn, said] of [
    ['hours', '9:00 to 17:30', 'Open from ', '9 am to 5:30 pm.'],
    ['hours', '9 am to 5 pm', 'Open from ', '9:00 - 17:00'],
    ['hours', '8:30 Uhr bis 18:00 Uhr', 'Geöffnet von ', '8:30 bis 18:00 Uhr.'],
    ['price', '4.90 euros', 'It costs ', '€4.90.'],
    ['price', '$12', 'It costs ', '12 dollars a month'],
    ['price', '$1,200', 'It costs ', '$1200.00'],
    ['price', '85 Euro', 'Das kostet ', '85,00 €.'],
    ['number', '30 days', 'Within ', '30 days of delivery'],
    ['number', '30 days', 'It is ', '30.'],
    ['number', '1 month', 'It takes ', '1 months'],
    ['number', '20 %', 'It is ', '20 percent'],
    ['phone', '+44 20 7946 0018', 'Call ', '+442079460018'],
    ['phone', '030 555 0199', 'Telefon: ', '(030) 555-0199'],
    ['email', 'Help@shop.example', 'Write to ', 'help@shop.example.'],
    ['url', 'https://shop.example/returns', 'See ', 'http://www.shop.example/returns/'],
    ['date', '12 June 2026', 'It is on ', 'June 12th, 2026.'],
    ['date', '12 June 2026', 'It is on ', '12 June'],
    ['date', '2026-06-12', 'It is on ', '12 June 2026'],
    ['name', 'Ana Duarte', 'The manager is ', '**Ana Duarte**, who'],
    ['name', 'Ana Duarte', 'The manager is ', 'ana duarte.'],
  ] as const)
    assert.equal(outcome(kind, text, leadIn, said), 'stated', `${text} / ${said}`);
});

test('a value of the same kind in its place is another value', () => {
  for (const [kind, text, leadIn, said, value] of [
    ['hours', '9:00 to 17:30', 'Open from ', '9:00 to 17:00.', '9:00 to 17:00'],
    ['hours', '9 am to 5 pm', 'Open from ', '9 pm to 5 am', '9 pm to 5 am'],
    ['hours', '9:00 to 17:30', 'Open from ', '8 to 4 every day', '8'],
    ['price', '$12', 'It costs ', '$120', '$120'],
    ['price', '$12', 'It costs ', '€12', '€12'],
    ['price', '12 euros', 'It costs ', '12.50 euros', '12.50 euros'],
    ['number', '30 days', 'Within ', '30 hours', '30 hours'],
    ['number', '3 days', 'Within ', '30 days', '30 days'],
    ['phone', '0800 555 010', 'Call ', '0800 555 0100', '0800 555 0100'],
    ['email', 'a@shop.example', 'Write to ', 'b@shop.example', 'b@shop.example'],
    ['email', 'a@shop.example', 'Write to ', 'a@shop.example.com', 'a@shop.example.com'],
    ['url', 'https://shop.example/a', 'See ', 'https://shop.example/b', 'https://shop.example/b'],
    ['date', '12 June 2026', 'It is on ', '12 July 2026', '12 July 2026'],
    ['date', '12 June 2026', 'It is on ', '12 June 2025', '12 June 2025'],
    ['name', 'Ana Duarte', 'The manager is ', 'Ana Silva.', 'Ana Silva'],
  ] as const) {
    assert.deepEqual(compareSaid({ kind, text }, leadIn, said), { outcome: 'other', value }, `${text} / ${said}`);
  }
});

test('an answer without a value of that kind states none', () => {
  for (const [kind, text, leadIn, said] of [
    ['hours', '9:00 to 17:30', 'Open from ', 'Monday to Friday'],
    ['price', '$12', 'It costs ', 'a small fee.'],
    ['phone', '0800 555 010', 'Call ', 'us at any time'],
    ['email', 'a@shop.example', 'Write to ', 'us.'],
    ['name', 'Ana Duarte', 'The manager is ', 'responsible for the guests'],
    ['name', 'Ana Duarte', 'The manager is ', 'Ana.'],
    ['number', '3 days', 'Within ', ''],
    ['number', '3 days', 'Within ', 'the period.\n30 days'],
  ] as const)
    assert.equal(outcome(kind, text, leadIn, said), 'none', `${text} / ${said}`);
});

test('where no value is stated, it tells how the answer goes on', () => {
  assert.deepEqual(compareSaid({ kind: 'price', text: '$12' }, 'It costs ', ' a  small\tfee.'), {
    outcome: 'none',
    value: 'a small fee.',
  });
});
