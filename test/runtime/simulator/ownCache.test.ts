import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StepResult } from '../../../src/runtime/simulator/decoder.ts';
import { OwnCache } from '../../../src/runtime/simulator/ownCache.ts';
import { floatTensor } from '../../../src/runtime/engine/onnxSession.ts';
import { layerOutput } from '../../../src/runtime/graph/signature.ts';

const shape = { layers: 2, kvHeads: 3, headDim: 4 };

/** What a run gave: every number names its layer, head, row and token, values are keys plus a half. */
function step(rows: readonly number[], firstTokens: readonly number[], tokens: number): StepResult {
  const outputs: Record<string, ReturnType<typeof floatTensor>> = {};
  for (let layer = 0; layer < shape.layers; layer++) {
    const keys = new Float32Array(shape.kvHeads * rows.length * tokens * shape.headDim);
    let at = 0;
    for (let head = 0; head < shape.kvHeads; head++) {
      for (const [i, row] of rows.entries()) {
        for (let token = 0; token < tokens; token++) {
          keys.fill(keyOf(layer, head, row, firstTokens[i]! + token), at, at + shape.headDim);
          at += shape.headDim;
        }
      }
    }
    const dims = [shape.kvHeads, rows.length, tokens, shape.headDim];
    outputs[layerOutput.newKeys(layer)] = floatTensor(keys, dims);
    const values = keys.map((key) => key + 0.5);
    outputs[layerOutput.newValues(layer)] = floatTensor(values, dims);
  }
  return new StepResult(outputs, { prefix: 0, own: 0, tokens });
}

const keyOf = (layer: number, head: number, row: number, token: number): number =>
  1000 * layer + 100 * head + 10 * row + token + 1;

/** Asserts that each row of the cache holds its tokens, and which of the rows of `step` it is. */
function assertHolds(cache: OwnCache, rows: readonly number[], lengths: readonly number[]): void {
  assert.deepEqual([...cache.lengths], lengths);
  const { kvHeads, headDim } = shape;
  for (let layer = 0; layer < shape.layers; layer++) {
    assert.equal(cache.keys[layer]!.length, kvHeads * rows.length * cache.tokens * headDim);
    for (let head = 0; head < kvHeads; head++) {
      for (const [index, row] of rows.entries()) {
        for (let token = 0; token < lengths[index]!; token++) {
          const at = ((head * rows.length + index) * cache.tokens + token) * headDim;
          const expected = keyOf(layer, head, row, token);
          assert.deepEqual([...cache.keys[layer]!.subarray(at, at + headDim)], Array(headDim).fill(expected));
          assert.equal(cache.values[layer]![at], expected + 0.5);
        }
      }
    }
  }
}

describe('the cache of own tokens', () => {
  const filled = (): OwnCache => {
    const cache = new OwnCache(shape, 4, 3);
    cache.append([0, 1, 2, 3], [3, 1, 2, 3], step([0, 1, 2, 3], [0, 0, 0, 0], 3));
    return cache;
  };

  test('holds of every row what was appended, and grows', () => {
    const cache = filled();
    assertHolds(cache, [0, 1, 2, 3], [3, 1, 2, 3]);
    cache.append([0, 1, 2, 3], [1, 1, 1, 1], step([0, 1, 2, 3], [3, 1, 2, 3], 1));
    assertHolds(cache, [0, 1, 2, 3], [4, 2, 3, 4]);
  });

  test('keeps the rows that go on, and these go on', () => {
    const cache = filled();
    cache.keepRows([1, 3]);
    assertHolds(cache, [1, 3], [1, 3]);
    cache.append([0, 1], [1, 1], step([1, 3], [1, 3], 1));
    assertHolds(cache, [1, 3], [2, 4]);
    cache.keepRows([1]);
    assertHolds(cache, [3], [4]);
    cache.keepRows([]);
    assertHolds(cache, [], []);
    assert.throws(() => filled().keepRows([2, 1]), /keep their order/u);
  });

  test('rows begin with copies of what other caches hold, and go on from there', () => {
    const cache = filled();
    const other = new OwnCache(shape, 2, 1);
    other.take(0, cache, 3, 2);
    other.take(1, cache, 0, 3);
    cache.keepRows([1]);
    assertHolds(other, [3, 0], [2, 3]);
    other.append([0, 1], [1, 1], step([3, 0], [2, 3], 1));
    assertHolds(other, [3, 0], [3, 4]);
  });

  test('hides the padding of shorter rows', () => {
    const bias = filled().bias(1);
    const seen = Array.from({ length: 4 }, (_, row) => [...bias.subarray(4 * row, 4 * row + 4)].map((x) => x === 0));
    assert.deepEqual(seen[1], [true, false, false, true]);
    assert.deepEqual(seen[3], [true, true, true, true]);
    const ofTwo = [...filled().bias(2).subarray(10, 20)].map((x) => x === 0);
    assert.deepEqual(ofTwo.slice(0, 5), [true, false, false, true, false]);
    assert.deepEqual(ofTwo.slice(5), [true, false, false, true, true]);
  });
});
