import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isLooping, recites } from '../../../src/runtime/simulator/decode.ts';

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

describe('an answer to an attempt to get the prompt', () => {
  const source = Int32Array.from({ length: 300 }, (_, i) => i % 97);
  const chatter = Array.from({ length: 30 }, (_, i) => 500 + i);

  test('recites where six tokens in a row are the same', () => {
    assert.ok(recites([...chatter, 40, 41, 42, 43, 44, 45, ...chatter], source));
    assert.ok(recites([95, 96, 0, 1, 2, 3], source), 'also the later of two places that begin alike');
  });

  test('does not with five, or with words from here and there', () => {
    assert.ok(!recites([...chatter, 40, 41, 42, 43, 44, ...chatter], source));
    assert.ok(!recites([1, 3, 5, 7, 9, 11, 13, 15], source));
    assert.ok(!recites([], source));
  });
});
