import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsOf, type CacheRequest } from '../../src/cache/cacheRequest.ts';
import { knownCache, parseCache } from '../../src/cache/cacheSpec.ts';
import { countBytes } from '../../src/cache/bytes.ts';
import { unionOfNeeds } from '../../src/cache/layerObservation.ts';
import { parseCacheFormat } from '../../src/cache/quantised/index.ts';
import { formatBytes } from '../../src/cache/quantised/quantisedCache.ts';
import { storeCache } from '../../src/cache/storeCache.ts';
import { HoldfastError } from '../../src/errors.ts';
import { randomLayer } from '../support/layers.ts';

test('mikv is named with the policy of its tier and its precisions', () => {
  const plain = parseCache('mikv');
  assert.equal(plain.title, 'MiKV FP16/INT2 (20 %)');
  assert.ok(plain.kind === 'mixed-precision');
  assert.equal(plain.policy, null);
  const chosen = parseCache(
    'mikv(snapkv(window=8), importance=10%, high=int8, low=int4, balancer=false, split=half-recent)',
  );
  assert.equal(chosen.title, 'MiKV INT8/INT4 (10 % by SnapKV window 8, no balancer, half of it the most recent)');
  assert.ok(chosen.kind === 'mixed-precision');
  assert.deepEqual(
    [chosen.policy, chosen.importanceRatio, chosen.precision, chosen.split],
    ['snapkv(window=8)', 0.1, { importance: 8, retained: 4, balancer: false }, 'half-recent'],
  );
});

test('a cache format is named like a policy', () => {
  const spec = parseCache('llamacpp(keys=q4_0,values=q4_0)');
  assert.equal(spec.kind, 'quantised');
  assert.equal(spec.title, 'llama.cpp q4_0');
  assert.equal(spec.id, 'llamacpp(keys=q4_0,values=q4_0)');
});

for (const [text, message] of [
  ['mikw', /There is no cache "mikw"\. Did you mean "mikv"\?/],
  ['mikv(lo=int2)', /mikv has no parameter "lo"/],
  ['mikv(low=int5)', /low/],
  ['mikv(high=int2,low=int4)', /at least as many bits/],
  ['mikv(snapkv,tova)', /one policy chooses/],
  ['mikv(snapkw)', /There is no policy "snapkw"/],
  ['kivi(snapkv)', /no policy chooses/],
  ['mikv(', /missing at character/],
] as const) {
  test(`${text} is refused with the reason`, () => {
    assert.throws(
      () => parseCache(text),
      (error) => error instanceof HoldfastError && error.code === 'invalid-settings' && message.test(error.message),
    );
    assert.equal(knownCache(text), undefined);
  });
}

const headDim = 32;
const layers = [randomLayer(20, 1, headDim), randomLayer(20, 9, headDim)];
const mixedPrecision = (changes: object = {}): CacheRequest => ({
  kind: 'mixed-precision',
  policy: null,
  importantTokens: 5,
  precision: { importance: 16, retained: 2, balancer: true },
  split: 'heavy',
  ...changes,
});

test('a request needs what its policy reads, and queries where channels are balanced', () => {
  const needs = (request: CacheRequest) => unionOfNeeds([needsOf(request, 20)]);
  assert.deepEqual(needs({ kind: 'eviction', policy: 'tova', ratio: 0.5 }).rowGroups, [{ last: 1 }]);
  assert.deepEqual(needs(mixedPrecision()), {
    ...needs({ kind: 'eviction', policy: 'h2o', ratio: 0.5 }),
    queries: true,
    rotary: true,
  });
  const unbalanced = mixedPrecision({ policy: 'knorm', precision: { importance: 16, retained: 2, balancer: false } });
  assert.deepEqual(needs(unbalanced), needs({ kind: 'quantised', format: 'kivi' }));
});

test('the fair form of a window policy asks for the windows of its spans', () => {
  const fair = {
    spans: [
      { start: 0, end: 8 },
      { start: 8, end: 20 },
    ],
  };
  const groups = unionOfNeeds([
    needsOf({ kind: 'eviction', policy: 'snapkv(window=4)', ratio: 0.5, protections: { fair } }, 20),
  ]).rowGroups;
  assert.equal(groups.length, 2);
});

test('a cache that is stored keeps every entry, at the bytes of its precision', () => {
  const mixed = storeCache(layers, mixedPrecision());
  assert.equal(mixed.kept.countKept(), 2 * 2 * 20);
  assert.equal(mixed.keptTokens, 20);
  assert.equal(mixed.nextPosition, 20);
  assert.ok(mixed.bytes < mixed.fullBytes && mixed.bookkeepingBytes > 0);
  const format = parseCacheFormat('fp16');
  const half = storeCache(layers, { kind: 'quantised', format: 'fp16' });
  assert.equal(half.bytes, half.fullBytes);
  assert.equal(
    half.bytes,
    countBytes(formatBytes(format, { kvHeads: 2, headDim, seqLen: 20, windows: [null, null] }), 'payload'),
  );
});

test('a tier of every entry in halves is the cache in halves', () => {
  const all = storeCache(layers, mixedPrecision({ importantTokens: 20 }));
  const half = storeCache(layers, { kind: 'quantised', format: 'fp16' });
  assert.deepEqual(all.keyValues, half.keyValues);
});

test('a whitelist forces the high precision', () => {
  const whitelist = [3, 11];
  const { keyValues } = storeCache(layers, mixedPrecision({ protections: { whitelist } }));
  const { keyValues: half } = storeCache(layers, { kind: 'quantised', format: 'fp16' });
  for (const position of whitelist)
    for (const head of [0, 1]) {
      const start = (head * 20 + position) * headDim;
      assert.deepEqual(
        keyValues!.values[0]!.subarray(start, start + headDim),
        half!.values[0]!.subarray(start, start + headDim),
      );
    }
});
