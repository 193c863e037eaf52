import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isLooping } from '../../../src/runtime/simulator/decode.ts';

const repeat = (tokens: readonly number[], times: number): number[] =>
  Array.from({ length: times }, () => tokens).flat();

describe('an answer that repeats itself', () => {
  test('loops when its end was said three times in a row', () => {
    assert.ok(isLooping([9, 8, ...repeat([1, 2, 3], 3)]));
    assert.ok(isLooping(repeat([7], 3)));
  });

  test('loops when sixteen tokens or more were said twice in a row', () => {
    const sentences = Array.from({ length: 16 }, (_, token) => token);
    assert.ok(isLooping([99, ...repeat(sentences, 2)]));
    assert.ok(!isLooping(repeat(sentences.slice(1), 2)));
    assert.ok(!isLooping([...sentences, 99, ...sentences]));
    assert.ok(!isLooping(repeat(sentences, 2).slice(1)));
  });

  test('does not loop after two times, or with a different word between', () => {
    assert.ok(!isLooping(repeat([1, 2, 3], 2)));
    assert.ok(!isLooping([...repeat([1, 2, 3], 2), 4, 1, 2, 3]));
    assert.ok(!isLooping([]));
  });

  test('a list whose items start alike is no loop', () => {
    assert.ok(!isLooping([5, 10, 5, 11, 5, 12, 5, 13]));
  });
});
