import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withoutRange } from '../../../src/analyzer/measure/otherText.ts';

const without = (text: string, part: string): string => {
  const start = text.indexOf(part);
  return withoutRange(text, { start, end: start + part.length });
};

describe('a prompt without an instruction', () => {
  test('loses a sentence and one of the spaces around it', () => {
    assert.equal(without('Be brief. Never lie. Be kind.', 'Never lie.'), 'Be brief. Be kind.');
  });

  test('loses the whole line of a list item, marker and all', () => {
    assert.equal(
      without('# Rules\n- Be brief.\n- Never lie.\n- Be kind.', 'Never lie.'),
      '# Rules\n- Be brief.\n- Be kind.',
    );
    assert.equal(without('1. Be brief.\n2) Never lie.', 'Never lie.'), '1. Be brief.\n');
    assert.equal(without('> * Never lie.\nBe kind.', 'Never lie.'), 'Be kind.');
  });

  test('keeps what else stands on the line', () => {
    assert.equal(without('- Always: Never lie.\n- Be kind.', 'Never lie.'), '- Always: \n- Be kind.');
  });

  test('of one instruction is empty', () => assert.equal(without('Never lie.', 'Never lie.'), ''));
});
