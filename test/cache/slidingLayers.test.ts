import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cacheBytes } from '../../src/cache/bytes.ts';
import { compress } from '../../src/cache/compress.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { retention } from '../../src/cache/retention.ts';
import { compressedLayers } from '../../src/cache/slidingLayers.ts';
import { randomLayer } from '../support/layers.ts';

describe('layers with a sliding window', () => {
  test('are left alone where other layers see everything', () => {
    assert.deepEqual(compressedLayers([8, null, 8, null]), [1, 3]);
    assert.deepEqual(compressedLayers([null, null]), [0, 1]);
  });

  test('are compressed where every layer has one: the window is then the context of the model', () => {
    assert.deepEqual(compressedLayers([8, 8]), [0, 1]);
  });

  const sliding = { ...randomLayer(40, 1), window: 16 };
  const full = randomLayer(40, 2);
  const compression = compress([sliding, full], parsePolicy('knorm'), 0.75);

  test('keep every entry, and the variant says so', () => {
    assert.equal(compression.kept.countKept(0, 0), 40);
    assert.equal(compression.kept.countKept(1, 0), 10);
    assert.match(compression.notes.join(), /1 of 2 layers have a sliding window/u);
  });

  test('do not count in retention, which would look half kept otherwise', () => {
    assert.equal(retention(compression.kept, [...Array(40).keys()]).mean, 10 / 40);
  });

  test('hold the bytes of their window, in the compressed and in the full cache', () => {
    const window = cacheBytes(2 * 16, 4);
    assert.equal(compression.bytes, window + cacheBytes(2 * 10, 4));
    assert.equal(compression.fullBytes, window + cacheBytes(2 * 40, 4));
  });
});
