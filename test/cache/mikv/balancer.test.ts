import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channelBalancer, queryMagnitudes } from '../../../src/cache/mikv/balancer.ts';

const shape = { seqLen: 2, queryHeads: 4, kvHeads: 2, headDim: 2 };

test('query magnitudes are taken over the tokens and the query heads of a KV head', () => {
  const queries = Float32Array.of(
    1,
    -2,
    3,
    0,
    /* head 1 */ -4,
    1,
    0,
    0,
    /* head 2 */ 0,
    7,
    0,
    0,
    /* head 3 */ 0,
    0,
    0,
    -8,
  );
  assert.deepEqual([...queryMagnitudes(queries, shape)], [4, 2, 0, 8]);
});

test('a factor is the root of the largest query over the largest key, 1 where one is zero, and clamped', () => {
  const keys = Float32Array.of(1, 0, -2, 0, /* head 1 */ 5, 1e-9, 0, 0);
  assert.deepEqual([...channelBalancer(keys, Float32Array.of(18, 3, 0, 1e9), shape)], [3, 1, 1, 1e4]);
  assert.deepEqual(
    [...channelBalancer(Float32Array.of(1e9, 1, 0, 0, 1, 1, 1, 1), Float32Array.of(1e-9, 4, 1, 1), shape)],
    [Math.fround(1e-4), 2, 1, 1],
  );
});
