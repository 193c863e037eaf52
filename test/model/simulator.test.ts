// The simulator on real weights: faster paths give what the plain ones give.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import { parsePolicy, policyIds, rowGroupsFor } from '../../src/cache/policies/index.ts';
import { largestBatches } from '../../src/runtime/memory/batches.ts';
import { answer } from '../../src/runtime/simulator/answer.ts';
import { Comparer } from '../../src/runtime/simulator/compare.ts';
import { generate } from '../../src/runtime/simulator/generate.ts';
import { prefill, type Prefill } from '../../src/runtime/simulator/prefill.ts';
import { runSecondPass } from '../../src/runtime/simulator/secondPass.ts';
import { hiddenEntries, type HiddenEntries } from '../../src/runtime/simulator/prefixMask.ts';
import { openTestDecoder, neverPause } from '../support/engine.ts';
import { needsModel } from '../support/model.ts';

const { prefillChunk } = largestBatches;
const stopIds = new Set([2]);
/** Any ids are a prompt to a simulator; these are spread over the vocabulary and the same in every run. */
const tokens = (count: number, seed: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => 100 + ((i * 7919 + seed * 104729) % 40_000));

describe('simulator on the default model', needsModel(), async () => {
  if (needsModel().skip !== false) return;
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-simulator-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  const decoder = await openTestDecoder(scratch);
  const { layers, kvHeads } = decoder.config;

  const hide = (prefix: Prefill, policy: string, ratio: number): HiddenEntries => {
    const { kept } = compress(prefix.observations, parsePolicy(policy), ratio);
    const shape = { layers, kvHeads, seqLen: prefix.keyValues.tokens };
    return hiddenEntries({ kind: 'variant', variant: 0 }, shape, () => kept);
  };

  test('a chunked prefill equals one pass: the next tokens do not depend on where chunks end', async () => {
    const ids = tokens(largestBatches.prefillChunk + 40, 1);
    const whole = await prefill(decoder, ids, ['all'], neverPause);
    const head = await prefill(decoder, ids.slice(0, 100), ['all'], neverPause);
    // The first 100 positions were computed in one chunk of 128 and in one of 100.
    for (const layer of [0, layers - 1]) {
      const [a, b] = [whole.keyValues.keys[layer]!, head.keyValues.keys[layer]!];
      const row = 64;
      for (let kv = 0; kv < kvHeads; kv++) {
        for (let i = 0; i < 100 * row; i++) {
          const difference = Math.abs(a[kv * ids.length * row + i]! - b[kv * 100 * row + i]!);
          assert.ok(difference < 3e-4, `layer ${layer}, head ${kv}: ${difference}`);
        }
      }
    }
  });

  test('after an edit only the changed end is prefilled again, and every number is the same as from the start', async () => {
    const before = tokens(3 * prefillChunk + 90, 11);
    const ids = before.slice(0, 3 * prefillChunk + 50);
    ids[2 * prefillChunk + 5] = 4321;
    const groups = rowGroupsFor(policyIds, ids.length);
    const earlier = await prefill(decoder, before, rowGroupsFor(policyIds, before.length), neverPause);
    const fresh = await prefill(decoder, ids, groups, neverPause);
    const runs: number[] = [];
    const reused = await prefill(decoder, ids, groups, neverPause, (done) => runs.push(done), {
      ...largestBatches,
      earlier: [earlier],
    });
    assert.deepEqual(runs, [3 * prefillChunk, ids.length], 'two chunks of four were run');
    assert.deepEqual(reused.keyValues, fresh.keyValues);
    assert.deepEqual(reused.lastLogits, fresh.lastLogits);
    for (const [layer, observation] of reused.observations.entries()) {
      for (const group of groups) {
        assert.deepEqual(observation.columnSums(group), fresh.observations[layer]!.columnSums(group));
      }
    }
  });

  test('where nothing is scored, a text with the same beginning goes on from its first other token, with the same logits', async () => {
    const before = tokens(prefillChunk + 90, 12);
    const ids = before.slice();
    ids[prefillChunk + 20] = 4321;
    const beginning = await prefill(decoder, before, ['all'], neverPause);
    const fresh = await prefill(decoder, ids, [], neverPause);
    const runs: number[] = [];
    const reused = await prefill(decoder, ids, [], neverPause, (done) => runs.push(done), {
      ...largestBatches,
      beginnings: [beginning],
    });
    assert.deepEqual(runs, [ids.length], 'one run for the 70 tokens from the changed one on');
    for (const [token, logit] of reused.lastLogits.entries()) {
      const difference = Math.abs(logit - fresh.lastLogits[token]!);
      assert.ok(difference < 2e-4, `token ${token}: ${difference}`);
    }
    const scored = await prefill(decoder, ids, ['all'], neverPause, undefined, {
      ...largestBatches,
      beginnings: [beginning],
    });
    assert.deepEqual(scored.keyValues, fresh.keyValues, 'what is scored begins in whole chunks');
  });

  test('a second run pays the attention that the same tokens pay in one text', async () => {
    const [ids, fed] = [tokens(70, 21), tokens(80, 22)];
    const prefix = await prefill(decoder, ids, [], neverPause);
    const scored = { start: 4, end: 60 };
    const pass = { feed: [], among: [{ start: 0, end: 70 }], scored, reduce: 'mean', perHiddenNorm: false } as const;
    const paid = await runSecondPass(decoder, prefix, pass, fed, neverPause);
    const rows = { start: 70, end: 150 };
    const whole = await prefill(decoder, Int32Array.of(...ids, ...fed), [rows], neverPause);
    for (const layer of [0, 12, layers - 1]) {
      const sums = whole.observations[layer]!.columnSums(rows); // [queryHeads, 150]
      for (const [i, mean] of paid[layer]!.entries()) {
        const head = Math.floor(i / 56);
        const expected = sums[head * 150 + 4 + (i % 56)]! / fed.length;
        assert.ok(Math.abs(mean - expected) < 1e-5, `layer ${layer}, head ${head}: ${mean} instead of ${expected}`);
      }
    }
  });

  test('rows do not influence each other: alone, together and with other suffix lengths', async () => {
    const prefix = await prefill(decoder, tokens(60, 2), rowGroupsFor(policyIds, 60), neverPause);
    const rows = [
      { hidden: hide(prefix, 'streaming-llm', 0.5), suffix: tokens(7, 3), maxTokens: 12 },
      { hidden: hide(prefix, 'knorm', 0.75), suffix: tokens(19, 4), maxTokens: 20 },
      { hidden: hide(prefix, 'h2o', 0.25), suffix: tokens(3, 5), maxTokens: 5 },
    ];
    const together = await generate(decoder, prefix, rows, stopIds, neverPause);
    for (const [i, row] of rows.entries()) {
      const [alone] = await generate(decoder, prefix, [row], stopIds, neverPause);
      assert.deepEqual([...together[i]!.ids], [...alone!.ids], `row ${i}`);
      assert.ok(together[i]!.ids.length <= row.maxTokens);
    }
  });

  test('user turns that begin alike are fed once per cache, and nothing changes', async () => {
    const prefix = await prefill(decoder, tokens(80, 8), rowGroupsFor(policyIds, 80), neverPause);
    const opening = tokens(12, 9);
    const caches = policyIds.slice(0, 3).map((policy) => hide(prefix, policy, 0.5));
    const rows = caches.flatMap((hidden) =>
      [1, 4, 9].map((more) => ({
        hidden,
        suffix: Int32Array.of(...opening, ...tokens(more, more)),
        target: tokens(6, 20 + more),
        maxTokens: 10,
      })),
    );
    const together = await answer(new Comparer(decoder, prefix), rows, stopIds, neverPause);
    for (const [i, row] of rows.entries()) {
      const [alone] = await answer(new Comparer(decoder, prefix), [row], stopIds, neverPause);
      const { comparison, continuation } = together[i]!;
      assert.deepEqual([...continuation.ids], [...alone!.continuation.ids], `row ${i}`);
      for (const [token, logProb] of comparison.logProbs.entries()) {
        const expected = alone!.comparison.logProbs[token]!;
        assert.ok(Math.abs(logProb - expected) < 1e-3, `row ${i}, token ${token}: ${logProb} instead of ${expected}`);
      }
    }
  });

  test('what predicted an answer while it was given compares as what a forced run predicts', async () => {
    const prefix = await prefill(decoder, tokens(90, 31), rowGroupsFor(policyIds, 90), neverPause);
    const full = hiddenEntries({ kind: 'none' }, { layers, kvHeads, seqLen: 90 }, () => assert.fail('no variant'));
    const suffixes = [tokens(12, 32), tokens(19, 33), tokens(12, 34)];
    const comparedTokens = 10;
    const asked = suffixes.map((suffix, row) => ({
      hidden: full,
      suffix,
      maxTokens: 14,
      ...(row === 2 ? {} : { comparedTokens }),
    }));
    const given = await generate(decoder, prefix, asked, new Set(), neverPause);
    assert.deepEqual(
      given.map(({ reference }) => reference?.logProbs.length ?? null),
      [...given.slice(0, 2).map(({ ids }) => Math.min(comparedTokens, ids.length)), null],
    );
    assert.ok(given[1]!.ids.length > comparedTokens, 'one answer is longer than what is compared');
    const [recorded, forced] = [new Comparer(decoder, prefix), new Comparer(decoder, prefix)];
    const rows = [0, 1].flatMap((row) => {
      const turn = { suffix: suffixes[row]!, target: given[row]!.ids.slice(0, comparedTokens) };
      recorded.learn(turn, given[row]!.reference!);
      return [full, hide(prefix, 'snapkv', 0.5), hide(prefix, 'knorm', 0.3)].map((hidden) => ({ ...turn, hidden }));
    });
    const [of, ofForced] = [await recorded.compare(rows, neverPause), await forced.compare(rows, neverPause)];
    for (const [row, { kl, logProbs, flipped }] of of.entries()) {
      assert.deepEqual(flipped, ofForced[row]!.flipped);
      for (const [token, value] of kl.entries()) {
        assert.ok(
          Math.abs(value - ofForced[row]!.kl[token]!) < 5e-4,
          `KL ${value}, forced ${ofForced[row]!.kl[token]}`,
        );
        assert.ok(Math.abs(logProbs[token]! - ofForced[row]!.logProbs[token]!) < 5e-4);
      }
    }
    assert.ok(
      of[1]!.kl.some((value) => value > 0.01),
      'half of the entries matter',
    );

    const drawn = { ...asked[2]!, sampling: { temperature: 1, seed: 7 } };
    const [alone] = await generate(decoder, prefix, [drawn], new Set(), neverPause);
    const [, beside] = await generate(decoder, prefix, [asked[0]!, drawn], new Set(), neverPause);
    assert.deepEqual(beside!.ids, alone!.ids, 'a row beside it draws as it does alone');
    assert.notDeepEqual(alone!.ids, given[2]!.ids);

    const stop = new Set([given[0]!.ids[4]!]);
    const [stopped] = await generate(decoder, prefix, asked.slice(0, 1), stop, neverPause);
    assert.equal(stopped!.reference?.logProbs.length, stopped!.ids.length, 'the stop token is no part of the answer');
    assert.ok(stopped!.ids.length <= 4);
  });

  test('answering with a draft equals comparing and generating apart', async () => {
    const prefix = await prefill(decoder, tokens(80, 6), rowGroupsFor(policyIds, 80), neverPause);
    const shape = { layers, kvHeads, seqLen: 80 };
    const nothing = hiddenEntries({ kind: 'none' }, shape, () => assert.fail());
    const suffix = tokens(9, 7);
    const [full] = await generate(decoder, prefix, [{ hidden: nothing, suffix, maxTokens: 16 }], stopIds, neverPause);
    const rows = policyIds.flatMap((policy) =>
      [0.25, 0.75].map((ratio) => ({ hidden: hide(prefix, policy, ratio), suffix, target: full!.ids, maxTokens: 24 })),
    );
    const answers = await answer(new Comparer(decoder, prefix), rows, stopIds, neverPause);
    const compared = await new Comparer(decoder, prefix).compare(rows, neverPause);
    const generated = await generate(decoder, prefix, rows, stopIds, neverPause);
    for (const [i, { comparison, continuation }] of answers.entries()) {
      assert.deepEqual([...continuation.ids], [...generated[i]!.ids], `row ${i}: tokens`);
      assert.equal(continuation.stopped, generated[i]!.stopped, `row ${i}: stopped`);
      assert.deepEqual(comparison.flipped, compared[i]!.flipped, `row ${i}: flips`);
      for (const [t, kl] of comparison.kl.entries()) {
        assert.ok(Math.abs(kl - compared[i]!.kl[t]!) < 1e-3, `row ${i}, token ${t}: ${kl} and ${compared[i]!.kl[t]}`);
      }
    }
  });
});
