// What a mask hides equals what is not there, on real weights.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import { unionOfNeeds } from '../../src/cache/layerObservation.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { secondPassKey } from '../../src/cache/secondPass.ts';
import { largestBatches } from '../../src/runtime/memory/batches.ts';
import { prefill } from '../../src/runtime/simulator/prefill.ts';
import { runSecondPass, type PassResult } from '../../src/runtime/simulator/secondPass.ts';
import { openGguf } from '../../src/runtime/weights/gguf.ts';
import { continueGathered, continueMasked } from '../support/continuation.ts';
import { neverPause, openTestDecoder } from '../support/engine.ts';
import { defaultModelPath, needsModel } from '../support/model.ts';
import { gathered, PlainDecoder } from '../support/plainDecoder.ts';

/** The engine's tolerance against the reference; logits reach 30. */
const tolerance = 5e-4;
const prefixTokens = 64;
const tokens = (count: number, seed: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => 100 + ((i * 7919 + seed * 104_729) % 40_000));

const equalCounts = ['streaming-llm', 'snapkv', 'tova', 'h2o', 'knorm', 'keydiff', 'lagkv(lag=16)', 'merging(knorm)'];
const raggedCounts = ['pyramid(window=8,beta=4)', 'adakv(snapkv)', 'kvzip'];

describe('physically gathered caches of the default model', needsModel(), async () => {
  if (needsModel().skip !== false) return;
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-gathered-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  const decoder = await openTestDecoder(scratch);
  const needs = unionOfNeeds([...equalCounts, ...raggedCounts].map((id) => parsePolicy(id).needs(prefixTokens)));
  const secondPasses = new Map<string, PassResult>();
  const options = { ...largestBatches, queries: needs.queries, secondPasses };
  const exact = await prefill(decoder, tokens(prefixTokens, 1), needs.rowGroups, neverPause, undefined, options);
  for (const pass of needs.secondPasses)
    secondPasses.set(secondPassKey(pass), await runSecondPass(decoder, exact, pass, tokens(64, 1), neverPause));

  const worst = (actual: ArrayLike<number>, expected: Float32Array): number =>
    expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);

  for (const id of equalCounts) {
    test(`${id}: a past of the kept entries alone gives the logits of the mask`, async () => {
      for (const ratio of [0.25, 0.75]) {
        const { kept, keyValues } = compress(exact.observations, parsePolicy(id), ratio);
        const cache = { ...exact.keyValues, ...keyValues };
        const fed = tokens(12, 2);
        const masked = await continueMasked(decoder, cache, kept, fed);
        const off = worst(await continueGathered(decoder, cache, kept, fed), masked);
        assert.ok(off < tolerance, `ratio ${ratio}: off by ${off}`);
        assert.ok(worst(await continueMasked(decoder, cache, null, fed), masked) > 0.1, 'evicting does something');
      }
    });
  }

  test(`${raggedCounts.join(', ')}: entries gathered one by one give the logits of the mask`, async () => {
    const source = openGguf(defaultModelPath()!);
    const plain = new PlainDecoder(source, decoder.config);
    source.close();
    for (const id of raggedCounts) {
      const { kept } = compress(exact.observations, parsePolicy(id), 0.5);
      const counts = exact.observations.map((_, layer) => kept.countKept(layer, 0));
      assert.ok(new Set(counts).size > 1, `${id} keeps the same number everywhere`);
      const fed = tokens(2, 3);
      const masked = await continueMasked(decoder, exact.keyValues, kept, fed);
      const held = gathered(exact.keyValues, decoder.config, (layer, head) => kept.positions(layer, head));
      const apart = Array.from(fed, (token, i) => [...plain.feed(token, prefixTokens + i, held).logits]).flat();
      const off = worst(apart, masked);
      assert.ok(off < tolerance, `${id}: off by ${off}`);
    }
  });
});
