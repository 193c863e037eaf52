import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countBytes } from '../../../src/cache/bytes.ts';
import { KeptSet } from '../../../src/cache/keptSet.ts';
import { importanceCount, importanceTier } from '../../../src/cache/mikv/importanceTier.ts';
import { mikvCache, type MikvLayer } from '../../../src/cache/mikv/mikvCache.ts';
import { parseMikvPrecision, tierNames } from '../../../src/cache/mikv/mikvSettings.ts';
import { toHalves } from '../../../src/cache/quantised/float16.ts';
import { cacheShape, fullCacheBytes } from '../../../src/cache/quantised/cacheShape.ts';
import { HoldfastError } from '../../../src/errors.ts';
import { noiseLayer, rootMeanSquare } from '../../support/caches.ts';
import { randomLayer } from '../../support/layers.ts';

const plain = (importance: number, retained: number) => parseMikvPrecision({ importance, retained, balancer: false });

/** A tier of the first `count` positions of every head. */
function firstPositions(layers: number, seqLen: number, count: number): KeptSet {
  const tier = new KeptSet(layers, 2, seqLen);
  for (let layer = 0; layer < layers; layer++)
    for (let head = 0; head < 2; head++)
      for (let position = 0; position < count; position++) tier.add(layer, head, position);
  return tier;
}

/** Size of a real cache of 100 tokens with 20 in the importance tier, as a share of the same cache in fp16. */
function measuredSize(headDim: number, importance: number, retained: number, count: 'payload' | 'total'): number {
  const layers = [noiseLayer(100, headDim, 1)];
  const { bytes } = mikvCache(layers, firstPositions(1, 100, 20), plain(importance, retained));
  return countBytes(bytes, count) / countBytes(fullCacheBytes(cacheShape(layers)), 'payload');
}

test('the size of a real cache is the one that the paper prints', () => {
  const sizes: [number, number, number, number][] = [
    [128, 16, 2, 0.325],
    [128, 16, 3, 0.375],
    [128, 16, 4, 0.425],
    [128, 8, 2, 0.23125],
    [128, 4, 2, 0.18125],
    [128, 2, 2, 0.15625],
    [64, 16, 2, 0.35],
    [64, 16, 3, 0.4],
    [64, 16, 4, 0.45],
    [64, 8, 2, 0.2625],
    [64, 8, 3, 0.3125],
    [64, 8, 4, 0.3625],
    [64, 4, 2, 0.2125],
    [64, 4, 3, 0.2625],
    [64, 2, 2, 0.1875],
  ];
  for (const [headDim, importance, retained, expected] of sizes) {
    const size = measuredSize(headDim, importance, retained, 'payload');
    assert.ok(Math.abs(size - expected) < 1e-12, `${importance}/${retained} at ${headDim}: ${size}`);
  }
});

test('bookkeeping adds a position per entry, and a score per entry of the importance tier', () => {
  assert.ok(Math.abs(measuredSize(128, 16, 2, 'total') - (0.325 + (0.2 * 12 + 0.8 * 4) / 512)) < 1e-12);
});

test('the balancer takes four bytes per channel of a KV head and layer', () => {
  const layers = [randomLayer(10, 1, 8), randomLayer(10, 2, 8)].map((layer) => ({
    ...layer,
    queryMax: new Float32Array(16).fill(1),
  }));
  const tier = firstPositions(2, 10, 2);
  const [without, balanced] = [false, true].map((balancer) =>
    mikvCache(layers, tier, parseMikvPrecision({ balancer })),
  );
  assert.equal(balanced!.bytes.bookkeeping - without!.bytes.bookkeeping, 2 * 2 * 8 * 4);
});

test('with every entry in an FP16 tier the cache is the exact one in 16 bits', () => {
  const layer = noiseLayer(12, 16, 3);
  const { keyValues, bytes } = mikvCache([layer], KeptSet.full(1, 2, 12), plain(16, 2));
  assert.deepEqual(keyValues, { keys: [toHalves(layer.keys)], values: [toHalves(layer.values)] });
  assert.equal(countBytes(bytes, 'payload'), 2 * 12 * 16 * 4);
});

test('entries of the tier are stored better than the others, and a whitelisted position is one of them', () => {
  const layers = [randomLayer(30, 4, 16), randomLayer(30, 14, 16)];
  const tier = importanceTier(layers, importanceCount(30, 0.2), { whitelist: [17] });
  const { keys } = mikvCache(layers, tier, plain(8, 2)).keyValues;
  for (const [index, layer] of layers.entries()) {
    for (let head = 0; head < 2; head++) {
      const error = (position: number): number => {
        const start = (head * 30 + position) * 16;
        return rootMeanSquare(keys[index]!.subarray(start, start + 16), layer.keys.subarray(start, start + 16));
      };
      assert.ok(tier.has(index, head, 17));
      for (let position = 0; position < 30; position++)
        assert.equal(error(position) < 0.01, tier.has(index, head, position), `position ${position}`);
    }
  }
});

test('balancing keys lowers the error of logits where queries and keys have outlier channels', () => {
  const exact = noiseLayer(40, 64, 6);
  const keys = exact.keys.map((key, index) => (index % 64 === 7 ? key * 50 : key));
  const queryMax = Float32Array.from({ length: 128 }, (_, channel) => (channel % 64 === 7 ? 0.02 : 1));
  const layer: MikvLayer = { ...exact, keys, queryMax };
  const logitError = (balancer: boolean): number => {
    const { keyValues } = mikvCache([layer], new KeptSet(1, 2, 40), parseMikvPrecision({ retained: 2, balancer }));
    const weighted = (tensor: Float32Array): Float32Array =>
      tensor.map((key, index) => key * queryMax[Math.floor(index / (40 * 64)) * 64 + (index % 64)]!);
    return rootMeanSquare(weighted(keyValues.keys[0]!), weighted(keys));
  };
  assert.ok(logitError(true) < 0.5 * logitError(false));
});

test('layers with a sliding window stay in FP16 and count their window only', () => {
  const layers = [noiseLayer(20, 16, 1), { ...noiseLayer(20, 16, 2), window: 8 }];
  const tier = KeptSet.full(2, 2, 20, [0]);
  const { keyValues, bytes, notes } = mikvCache(layers, tier, plain(2, 2));
  assert.deepEqual(keyValues.keys[1], toHalves(layers[1]!.keys));
  assert.deepEqual(keyValues.values[1], toHalves(layers[1]!.values));
  assert.equal(bytes.exact, 2 * 8 * 16 * 4);
  assert.equal(bytes.codes, 2 * 20 * 16 * 2 * (2 / 8));
  assert.match(notes.join(), /1 of 2 layers have a sliding window/);
});

test('impossible input is refused: precisions, odd heads, elements that are not finite, a missing balancer', () => {
  const tier = firstPositions(1, 4, 1);
  for (const given of [{ importance: 2, retained: 4 }, { importance: 5 }, { retained: 8 }, { colour: 'red' }]) {
    assert.throws(
      () => parseMikvPrecision(given),
      (thrown) => thrown instanceof HoldfastError && thrown.code === 'invalid-settings',
    );
  }
  assert.throws(() => mikvCache([noiseLayer(4, 7, 1)], tier, plain(16, 2)), /7 channels are odd/);
  assert.throws(() => mikvCache([noiseLayer(4, 8, 1)], tier, parseMikvPrecision({})), RangeError);
  const broken = noiseLayer(4, 8, 1);
  broken.keys[(4 + 2) * 8] = Infinity;
  assert.throws(() => mikvCache([broken], tier, plain(16, 2)), /key of layer 0, KV head 1, position 2/);
  broken.keys[(4 + 2) * 8] = 80_000;
  assert.throws(
    () => mikvCache([broken], KeptSet.full(1, 2, 4), plain(16, 2)),
    /does not fit into mixed precision FP16/,
  );
  assert.equal(tierNames(plain(8, 3)), 'INT8/INT3');
});
