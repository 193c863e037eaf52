import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '../../../src/analyzer/segmentation/index.ts';

const strengthOf = (text: string): string => segment(text).instructions[0]!.strength;

test('what leaves room is should, everything else must', () => {
  for (const text of [
    'You should greet the guest.',
    'Prefer short words to long ones.',
    'If possible, offer a window seat to the guest.',
    'Du solltest den Gast begrüßen und nach dem Namen fragen.',
    'Si possible, propose une table près de la fenêtre.',
  ])
    assert.equal(strengthOf(text), 'should', text);
  for (const text of [
    'Greet the guest.',
    'Never lie to the guest.',
    'You must greet the guest.',
    'Du musst den Gast begrüßen.',
  ])
    assert.equal(strengthOf(text), 'must', text);
});

test('stress outweighs words that leave room', () => {
  assert.equal(strengthOf('You should ALWAYS greet the guest.'), 'must');
});
