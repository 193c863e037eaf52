import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddedTokens, type AddedToken } from '../../../src/runtime/tokenizer/addedTokens.ts';

const token = (content: string, over: Partial<AddedToken> = {}): AddedToken => ({
  id: content.length,
  content,
  special: false,
  lstrip: false,
  rstrip: false,
  singleWord: false,
  ...over,
});
const find = (tokens: readonly AddedToken[], text: string, plain = false) =>
  new AddedTokens(tokens).find(text, () => plain).map(({ start, end }) => text.slice(start, end));

test('the leftmost token is found, the longest where several begin', () => {
  assert.deepEqual(find([token('ab'), token('abc'), token('bcd')], 'abcd xab'), ['abc', 'ab']);
});

test('a control token is not read out of plain text; another added token is, unless it looks like one', () => {
  const tokens = [token('<s>', { special: true }), token('<h1>'), token('   '), token('<|user|>'), token('<｜User｜>')];
  const text = '<s><h1>   <|user|><｜User｜>';
  assert.deepEqual(find(tokens, text), ['<s>', '<h1>', '   ', '<|user|>', '<｜User｜>']);
  assert.deepEqual(find(tokens, text, true), ['<h1>', '   ']);
});

test('white space beside a token is taken up where the token says so, once', () => {
  const both = token('<m>', { lstrip: true, rstrip: true });
  assert.deepEqual(find([both], 'a \u00a0<m> \n b<m>'), [' \u00a0<m> \n ', '<m>']);
  assert.deepEqual(find([both], '<m>  <m>'), ['<m>  ', '<m>']);
  assert.deepEqual(find([token('<m>', { rstrip: true })], ' <m> '), ['<m> ']);
});

test('a single-word token does not touch letters, digits or marks', () => {
  const word = [token('on', { singleWord: true })];
  assert.deepEqual(find(word, 'on only con on1 on. (on) on'), ['on', 'on', 'on', 'on']);
  assert.deepEqual(find(word, '𝒜on on\u0301'), []);
});
