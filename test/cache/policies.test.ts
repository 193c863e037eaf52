import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy, policyIds, rowGroupsFor } from '../../src/cache/policies/index.ts';
import { snapkv as snapkvFamily } from '../../src/cache/policies/snapkv.ts';
import type { Policy } from '../../src/cache/policies/policy.ts';
import type { LayerObservation } from '../../src/cache/layerObservation.ts';
import { layerFromQueries, randomLayer } from '../support/layers.ts';
import { budget } from '../support/policyCases.ts';

const [streamingLlm, snapkv, tova, h2o, knorm] = policyIds.map(parsePolicy) as [Policy, Policy, Policy, Policy, Policy];

/** Queries of zero: row i pays 1 / (i + 1) to each key it sees. */
function uniformLayer(seqLen: number): LayerObservation {
  const shape = { seqLen, queryHeads: 4, kvHeads: 2, headDim: 2 };
  const zeros = (heads: number) => new Float32Array(heads * seqLen * 2);
  return layerFromQueries(shape, zeros(2), zeros(2), zeros(4));
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-6): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, index) => {
    assert.ok(Math.abs(actual[index]! - value) <= tolerance, `[${index}] ${actual[index]} is not ${value}`);
  });
}

const both = (row: readonly number[]): number[] => [...row, ...row];

test('StreamingLLM scores 0 for exactly the block after the sinks that has to go', () => {
  const layer = uniformLayer(10);
  assert.deepEqual([...streamingLlm.score(layer, budget(6))], both([1, 1, 1, 1, 0, 0, 0, 0, 1, 1]));
  assert.deepEqual([...streamingLlm.score(layer, budget(2))], both([1, 1, 1, 1, 0, 0, 0, 0, 0, 0]));
});

test('H2O divides the attention a key receives by the number of queries that see it', () => {
  // Key j of 4 receives sum over i >= j of 1 / (i + 1), from 4 - j queries.
  const expected = [(1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, (1 / 2 + 1 / 3 + 1 / 4) / 3, (1 / 3 + 1 / 4) / 2, 1 / 4];
  assertClose(h2o.score(uniformLayer(4), budget(4)), both(expected));
});

test('TOVA gives every KV head the mean over all query heads of the last row', () => {
  const layer = randomLayer(7, 3);
  const sums = layer.columnSums({ last: 1 });
  const mean = Array.from({ length: 7 }, (_, j) => (sums[j]! + sums[7 + j]! + sums[14 + j]! + sums[21 + j]!) / 4);
  assertClose(tova.score(layer, budget(7)), both(mean));
  assert.deepEqual(tova.protect!(7), { sinks: [], window: [6] });
});

test('SnapKV averages over its window, pools with zero padding over the full kernel, and leaves its window out', () => {
  const policy = snapkvFamily.with({ window: 2, kernel: 5 });
  // Rows 6 and 7 of 8 pay 1/7 and 1/8 to each of the six keys before the window.
  const attention = (1 / 7 + 1 / 8) / 2;
  const expected = [3, 4, 5, 5, 4, 3].map((seen) => (seen / 5) * attention);
  assertClose(policy.score(uniformLayer(8), budget(8)), both([...expected, 0, 0]));
  assert.deepEqual(policy.protect!(8), { sinks: [], window: [6, 7] });
});

test('SnapKV shrinks its window on a short system turn and says so', () => {
  assert.deepEqual(snapkv.notes!(17, 0.5, 1), []);
  assert.deepEqual(snapkv.needs(17), { rowGroups: [{ last: 16 }] });
  assert.deepEqual(snapkv.needs(16), { rowGroups: [{ last: 15 }] });
  assert.deepEqual(snapkv.needs(1), { rowGroups: [{ last: 1 }] });
  assert.match(snapkv.notes!(16, 0.5, 1).join(), /last 15 instead of 16 tokens: the system turn has only 16/);
});

test('K-Norm is minus the norm of the key, also where keys are a view into a larger buffer', () => {
  const layer = uniformLayer(2);
  const buffer = Float32Array.of(99, 3, 4, 0, 0, 5, 12, 8, 6, 99);
  assert.deepEqual([...knorm.score({ ...layer, keys: buffer.subarray(1, 9) }, budget(2))], [-5, -0, -13, -10]);
});

test('attention policies take the mean over the query heads of each group only', () => {
  const layer = randomLayer(6, 11);
  const sums = layer.columnSums('all');
  const expected = [0, 1].flatMap((head) =>
    Array.from({ length: 6 }, (_, j) => (sums[2 * head * 6 + j]! + sums[(2 * head + 1) * 6 + j]!) / 2 / (6 - j)),
  );
  assertClose(h2o.score(layer, budget(6)), expected);
});

test('every policy is listed under its own id, with what a reader needs to know about it', () => {
  for (const id of policyIds) {
    const { title, summary, paper, id: own } = parsePolicy(id);
    assert.equal(own, id);
    assert.notEqual(title, id);
    assert.ok(summary.endsWith('.') && !summary.includes('\n'), summary);
    assert.match(paper.url, /^https:\/\/arxiv\.org\/abs\/\d{4}\.\d{5}$/);
  }
});

test('a prefill computes each attention summary once, and only those that the policies read', () => {
  assert.deepEqual(rowGroupsFor(policyIds, 100), [{ last: 16 }, { last: 1 }, 'all']);
  assert.deepEqual(rowGroupsFor(['snapkv', 'tova'], 2), [{ last: 1 }]);
  assert.deepEqual(rowGroupsFor(['knorm', 'streaming-llm'], 100), []);
});
