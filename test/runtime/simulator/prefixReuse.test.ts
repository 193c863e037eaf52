import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Prefill } from '../../../src/runtime/simulator/prefill.ts';
import { firstTokens, resized, reusableBeginning, reusablePart } from '../../../src/runtime/simulator/prefixReuse.ts';

const text = (...ids: number[]): Int32Array => Int32Array.from(ids);

const plain = { longRope: false, prefillChunk: 2 };

/** A finished prefill with checkpoints after so many tokens. */
const finished = (ids: Int32Array, checkpoints: number[], longRope = false): Prefill => ({
  ids,
  keyValues: { keys: [], values: [], tokens: ids.length, longRope },
  observations: [],
  lastLogits: new Float32Array(0),
  prefillChunk: 2,
  queries: null,
  checkpoints: checkpoints.map((tokens) => ({ tokens, sums: [new Float32Array(tokens)] })),
});

describe('what a prefill takes over', () => {
  const earlier = finished(text(1, 2, 3, 4, 5, 6, 7, 8), [2, 4, 6]);

  test('is the last checkpoint before the first different token', () => {
    assert.equal(reusablePart(text(1, 2, 3, 4, 5, 9, 9), ['all'], plain, [earlier])?.tokens, 4);
    assert.equal(reusablePart(text(1, 2, 3, 4, 5, 6, 7, 8, 9), ['all'], plain, [earlier])?.tokens, 6);
  });

  test('is nothing where texts differ from the start', () => {
    assert.equal(reusablePart(text(9, 2, 3, 4), ['all'], plain, [earlier]), null);
    assert.equal(reusablePart(text(1, 2, 3), ['all'], plain, []), null);
  });

  test('leaves at least one token to run, whose logits are needed', () => {
    assert.equal(reusablePart(text(1, 2, 3, 4), ['all'], plain, [earlier])?.tokens, 2);
  });

  test('ends before the last rows that a policy reads, which depend on the end of the text', () => {
    assert.equal(reusablePart(text(1, 2, 3, 4, 5, 6, 7), ['all', { last: 2 }], plain, [earlier])?.tokens, 4);
  });

  test('comes from the earlier text with most in common', () => {
    const other = finished(text(1, 2, 3, 9, 9, 9), [2, 3]);
    assert.equal(reusablePart(text(1, 2, 3, 9, 8, 7), ['all'], plain, [earlier, other])?.from, other);
  });

  test('is nothing where chunks have another length: sums would differ in the last bits', () => {
    assert.equal(reusablePart(text(1, 2, 3, 4, 5), ['all'], { ...plain, prefillChunk: 1 }, [earlier]), null);
  });

  test('is nothing where attention has to be summed over all rows and was not', () => {
    const unsummed = { ...earlier, checkpoints: earlier.checkpoints.map(({ tokens }) => ({ tokens, sums: [] })) };
    assert.equal(reusablePart(text(1, 2, 3, 4, 5), ['all'], plain, [unsummed]), null);
    assert.equal(reusablePart(text(1, 2, 3, 4, 5), [{ last: 1 }], plain, [unsummed])?.tokens, 4);
  });

  test('is all that texts have in common where nothing is summed', () => {
    const other = finished(text(1, 2, 3, 4, 9), []);
    assert.deepEqual(reusableBeginning(text(1, 2, 3, 4, 5, 9), false, [other, earlier]), {
      tokens: 5,
      sums: [],
      from: earlier,
    });
    assert.equal(reusableBeginning(text(1, 2, 3), false, [earlier])?.tokens, 2);
    assert.equal(reusableBeginning(text(9, 2, 3), false, [earlier]), null);
    assert.equal(reusableBeginning(text(1, 2, 3), true, [earlier]), null);
  });

  test('is nothing where keys were rotated by other LongRoPE divisors', () => {
    assert.equal(reusablePart(text(1, 2, 3, 4, 5), ['all'], { ...plain, longRope: true }, [earlier]), null);
  });
});

test('tokens and columns are cut and widened head by head', () => {
  const keys = [Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)]; // [2 heads, 3 tokens, 2 channels]
  const cut = firstTokens({ keys, values: keys, tokens: 3 }, 2, 2);
  assert.deepEqual([...cut.keys[0]!], [1, 2, 3, 4, 7, 8, 9, 10]);
  assert.deepEqual([...resized(keys[0]!, 2, 6, 1)], [1, 7]);
  assert.deepEqual([...resized(Float32Array.of(1, 2), 2, 1, 3)], [1, 0, 0, 2, 0, 0]);
});
