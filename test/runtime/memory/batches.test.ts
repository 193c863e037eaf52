import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { estimateUsualAudit, fitBatches, largestBatches } from '../../../src/runtime/memory/batches.ts';
import { MemoryBudget } from '../../../src/runtime/memory/budget.ts';
import { estimateMemory, type MemoryShape } from '../../../src/runtime/memory/estimate.ts';

/** Llama 3.1 8B. */
const shape: MemoryShape = {
  layers: 32,
  hiddenSize: 4096,
  feedForwardSize: 14336,
  queryHeads: 32,
  kvHeads: 8,
  headDim: 128,
  vocabSize: 128_256,
};
const weights = 5.5e9;

describe('memory estimate', () => {
  test('the parts add up, and each grows with what it is made of', () => {
    const work = {
      promptTokens: 500,
      prefillChunk: 128,
      rows: 32,
      ownTokens: 100,
      tokenRows: 512,
      logitRows: 256,
      referenceTokens: 72,
    };
    const base = estimateMemory(shape, weights, work);
    assert.equal(base.total, base.weights + base.prefix + base.variants + base.logits + base.overhead);
    const grown = (more: Partial<typeof work>) => estimateMemory(shape, weights, { ...work, ...more });
    assert.ok(grown({ promptTokens: 1000 }).prefix > 1.9 * base.prefix);
    assert.ok(grown({ rows: 64 }).variants > base.variants);
    assert.ok(grown({ logitRows: 512 }).logits > base.logits);
    assert.equal(grown({ rows: 64 }).prefix, base.prefix);
    // 8 KV heads x 128 x 2 x 4 bytes x 32 layers = 262,144 bytes of keys and values per token.
    assert.ok(base.prefix >= 500 * 262_144);
  });
});

describe('batches', () => {
  test('with memory enough they are the largest', () => {
    const fitted = fitBatches(shape, weights, 500, 100e9);
    assert.ok(fitted.fits);
    assert.equal(fitted.batches.tokenRowsPerRun, largestBatches.tokenRowsPerRun);
    assert.equal(fitted.batches.prefillChunk, largestBatches.prefillChunk);
    assert.equal(fitted.batches.rowsPerBatch(160), largestBatches.rowsPerBatch(160));
  });

  test('less memory makes them smaller step by step, never larger, down to one row', () => {
    let before = { runs: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };
    let smallest = Number.POSITIVE_INFINITY;
    for (let limit = 14e9; limit > 5e9; limit -= 0.1e9) {
      const fitted = fitBatches(shape, weights, 500, limit);
      if (!fitted.fits) break;
      const { tokenRowsPerRun, prefillChunk } = fitted.batches;
      const rowsPerBatch = (ownTokens: number): number => fitted.batches.rowsPerBatch(ownTokens);
      assert.ok(tokenRowsPerRun <= before.runs && prefillChunk <= tokenRowsPerRun);
      if (tokenRowsPerRun === before.runs) assert.ok(rowsPerBatch(160) <= before.rows);
      assert.ok(rowsPerBatch(160) >= 1 && rowsPerBatch(100_000) === 1, 'one row always runs');
      assert.ok(rowsPerBatch(400) <= rowsPerBatch(100), 'longer rows, fewer of them');
      before = { runs: tokenRowsPerRun, rows: rowsPerBatch(160) };
      smallest = Math.min(smallest, rowsPerBatch(160));
    }
    assert.ok(before.runs < 64 && smallest < 8, `${before.runs} token rows, ${smallest} rows`);
  });

  test('what does not fit even one row at a time is refused with the estimate of just that', () => {
    const fitted = fitBatches(shape, weights, 500, 5.6e9);
    assert.ok(!fitted.fits);
    assert.ok(fitted.estimate.total > 5.6e9);
    assert.ok(fitted.estimate.total < estimateUsualAudit(shape, weights, 500).total);
  });
});

describe('memory budget', () => {
  const memory = { available: 10e9, total: 16e9 };
  const budget = new MemoryBudget(shape, weights, { kind: 'share', share: 0.6 }, memory);

  test('a refusal names the need by part, the limit, what it is a share of, and what to do', () => {
    assert.throws(
      () => budget.batches(4000),
      (error) => {
        assert.ok(error instanceof HoldfastError && error.code === 'memory-limit');
        assert.match(
          error.message,
          /^A system turn of 4000 tokens needs \d+\.\d GB: weights \d+\.\d GB, prefix \d+\.\d GB, variants .*, logits .*, program .*\. The limit is 6\.0 GB \(60 % of 10\.0 GB that are free\)\.$/u,
        );
        assert.match(error.hint ?? '', /Shorten the prompt.*raise the memory limit/u);
        return true;
      },
    );
  });

  test('a model is refused before its weights are there when not even a short prompt fits', () => {
    assert.throws(() => budget.checkModel(), { code: 'memory-limit' });
    budget.withWeights(1e9).checkModel();
    const larger = new MemoryBudget(shape, weights, { kind: 'bytes', bytes: 9e9 }, memory);
    larger.checkModel();
    assert.throws(() => larger.batches(20_000), { code: 'memory-limit' });
  });
});
