import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '../../../src/analyzer/segmentation/index.ts';

const spansOf = (text: string): string[] =>
  segment(text).spans.map(({ kind, range }) => `${kind}: ${text.slice(range.start, range.end)}`);

test('two rules in one sentence are two instructions', () => {
  assert.deepEqual(spansOf('Greet the guest by name; never mention the price.'), [
    'directive: Greet the guest by name;',
    'prohibition: never mention the price.',
  ]);
  assert.deepEqual(spansOf('Confirm the date, but do not repeat the reason.'), [
    'directive: Confirm the date,',
    'prohibition: but do not repeat the reason.',
  ]);
  assert.deepEqual(spansOf('Frage nach dem Namen, aber nenne niemals den Preis der Karte.').length, 1);
  assert.deepEqual(spansOf('Frage nach dem Namen; nenne niemals den Preis der Karte.').length, 2);
  assert.deepEqual(spansOf('Demande le nom du client, mais ne donne jamais le prix.').length, 2);
});

test('one rule stays one', () => {
  for (const text of [
    'If the guest is angry, apologise and never argue with them.', // the condition holds for both
    'When it rains, offer a taxi; never offer an umbrella.',
    'Ask for the name, the date and the place.',
    'Prices are in euros; they include tax.', // the second half is no rule
    'Say "Wait; never run." to the children.',
    'Write the note (short; never more than a line) for the team.',
  ]) {
    assert.equal(spansOf(text).length, 1, text);
  }
});
