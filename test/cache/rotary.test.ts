import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { rotaryOf, rotated, unrotated } from '../../src/cache/rotary.ts';
import { layerFromQueries, noise } from '../support/layers.ts';

const [heads, seqLen, headDim] = [2, 21, 8];
const frequencies = [1, 0.1, 0.01];

/** RoPE as multiplication of complex numbers, at one position; channels after the rotated ones pass through. */
function complexRope(vector: readonly number[], position: number, magnitude: number): number[] {
  const result = [...vector];
  for (const [channel, frequency] of frequencies.entries()) {
    const [real, imaginary] = [vector[channel]!, vector[channel + 3]!];
    const [cos, sin] = [Math.cos(position * frequency) * magnitude, Math.sin(position * frequency) * magnitude];
    result[channel] = real * cos - imaginary * sin;
    result[channel + 3] = real * sin + imaginary * cos;
  }
  return result;
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  for (let index = 0; index < expected.length; index++)
    assert.ok(
      Math.abs(actual[index]! - expected[index]!) < 1e-6,
      `[${index}] ${actual[index]} is not ${expected[index]}`,
    );
}

for (const magnitude of [1, 1.25]) {
  test(`rotation is complex multiplication and can be undone (attention scaling ${magnitude})`, () => {
    const rotary = rotaryOf(frequencies, magnitude);
    const vectors = noise(heads * seqLen * headDim, 4);
    const turned = rotated(vectors, rotary, seqLen, headDim);
    const expected = Array.from({ length: heads * seqLen }, (_, entry) =>
      complexRope([...vectors.subarray(entry * headDim, (entry + 1) * headDim)], entry % seqLen, magnitude),
    );
    assertClose(turned, expected.flat());
    assertClose(unrotated(turned, rotary, seqLen, headDim), vectors);
  });

  test(`re-rotated keys are the pruned keys before RoPE, rotated at their new positions (scaling ${magnitude})`, () => {
    const rotary = rotaryOf(frequencies, magnitude);
    const before = noise(heads * seqLen * headDim, 4);
    const shape = { seqLen, queryHeads: 4, kvHeads: heads, headDim };
    const keys = rotated(before, rotary, seqLen, headDim);
    const values = noise(heads * seqLen * headDim, 5);
    const layer = layerFromQueries(shape, keys, values, noise(4 * seqLen * headDim, 6), { rotary: () => rotary });
    const { kept, keyValues, nextPosition } = compress([layer], parsePolicy('rerotate(knorm)'), 0.4);
    assert.equal(nextPosition, 12);
    for (let head = 0; head < heads; head++)
      for (const [place, position] of kept.positions(0, head).entries()) {
        const at = (head * seqLen + position) * headDim;
        assertClose(
          keyValues!.keys[0]!.subarray(at, at + headDim),
          complexRope([...before.subarray(at, at + headDim)], place, magnitude),
        );
      }
  });
}
