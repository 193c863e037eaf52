// The memory of the real child process: estimates against its peak, limits that hold, batches that change no result.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eviction, evictions } from '../../src/cache/cacheRequest.ts';
import { policyIds, rowGroupsFor } from '../../src/cache/policies/index.ts';
import { Engine } from '../../src/runtime/engine/client.ts';
import type { AnswerRow, LanguageModel } from '../../src/runtime/languageModel.ts';
import { largestBatches, type Batches } from '../../src/runtime/memory/batches.ts';
import { estimateMemory } from '../../src/runtime/memory/estimate.ts';
import { answer } from '../../src/runtime/simulator/answer.ts';
import { Comparer } from '../../src/runtime/simulator/compare.ts';
import { generate } from '../../src/runtime/simulator/generate.ts';
import { prefill } from '../../src/runtime/simulator/prefill.ts';
import { hiddenEntries } from '../../src/runtime/simulator/prefixMask.ts';
import { configFromGguf } from '../../src/runtime/graph/ggufConfig.ts';
import { openGguf } from '../../src/runtime/weights/gguf.ts';
import { neverPause, openTestDecoder } from '../support/engine.ts';
import { defaultModelPath, needsModel } from '../support/model.ts';

const never = new AbortController().signal;
const enginePath = fileURLToPath(new URL('../../dist/engine.cjs', import.meta.url));

/** Any ids are a prompt to a simulator; these are spread over the vocabulary and the same in every run. */
const tokens = (count: number, seed: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => 100 + ((i * 7919 + seed * 104729) % 40_000));

describe('memory of the engine', { ...needsModel(), concurrency: 1 }, () => {
  if (needsModel().skip !== false) return;
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-memory-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  const load = async (
    memoryLimit: string,
    graphsFolder = scratch,
  ): Promise<{ engine: Engine; model: LanguageModel }> => {
    const engine = new Engine({ enginePath });
    after(() => engine.dispose());
    const options = { id: 'm', path: defaultModelPath()!, sha256: '0'.repeat(64), graphsFolder, memoryLimit };
    return { engine, model: await engine.load({ ...options, device: 'cpu', precision: 'auto' }, never) };
  };
  const peakBytes = ({ pid }: Engine): number =>
    Number(/VmHWM:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid!}/status`, 'utf8'))![1]) * 1024;
  /** Size of the graph's weights; converts the model first, whose float arrays would count in the peak of a first load. */
  const weightBytes = async (): Promise<number> => {
    if (!readdirSync(scratch).some(isGraph)) (await load('16GB')).engine.dispose();
    return statSync(path.join(scratch, readdirSync(scratch).find(isGraph)!, 'weights.bin')).size;
  };
  const isGraph = (name: string): boolean => name.startsWith('0'.repeat(24));
  const config = (() => {
    const gguf = openGguf(defaultModelPath()!);
    gguf.close();
    return configFromGguf(gguf);
  })();
  const rowsOf = async (model: LanguageModel, prompt: number, rows: number, suffix: number, maxTokens: number) => {
    const prefix = await model.prefill(tokens(prompt, 1), evictions(policyIds), never);
    const variants: number[] = [];
    for (let i = 0; i < rows; i++) {
      const ratio = 0.2 + (0.6 * i) / rows;
      variants.push((await model.compress(prefix, eviction(policyIds[i % policyIds.length]!, ratio), never)).variant);
    }
    const answerRows = variants.map((variant): AnswerRow => ({
      mask: { kind: 'variant', variant },
      suffix: tokens(suffix, 3),
      target: tokens(24, 9),
      maxTokens,
    }));
    return { prefix, answerRows };
  };

  /** Short answers after long user turns: how long a free answer gets is the model's choice, and an estimate is for the longest. */
  const workloads = [
    { promptTokens: 64, rows: 0, suffix: 0, maxTokens: 0 },
    { promptTokens: 1500, rows: 0, suffix: 0, maxTokens: 0 },
    { promptTokens: 256, rows: 40, suffix: 60, maxTokens: 26 },
    { promptTokens: 1000, rows: 16, suffix: 20, maxTokens: 26 },
  ];
  for (const { promptTokens, rows, suffix, maxTokens } of workloads) {
    test(`the estimate of ${promptTokens} prompt tokens and ${rows} rows is near the measured peak`, async (t) => {
      if (process.platform !== 'linux') {
        t.skip('the peak of a process is read from /proc');
        return;
      }
      const weights = await weightBytes();
      const { engine, model } = await load('16GB');
      const { prefix, answerRows } = await rowsOf(model, promptTokens, rows, suffix, maxTokens);
      if (rows > 0) await model.answer(prefix, answerRows, never);
      const measured = peakBytes(engine);
      engine.dispose();
      const perRun = Math.min(rows, Math.floor(largestBatches.tokenRowsPerRun / (suffix + 24)));
      const { total } = estimateMemory(config, weights, {
        promptTokens,
        prefillChunk: Math.min(largestBatches.prefillChunk, promptTokens),
        rows,
        ownTokens: suffix + maxTokens,
        tokenRows: perRun * (suffix + 24),
        logitRows: Math.max(1, perRun * 24),
        referenceTokens: rows > 0 ? 24 : 0,
      });
      const ratio = total / measured;
      t.diagnostic(
        `estimated ${Math.round(total / 1e6)} MB, measured ${Math.round(measured / 1e6)} MB: ${ratio.toFixed(2)}`,
      );
      assert.ok(ratio > 0.9 && ratio < 1.25, `estimate / measured = ${ratio.toFixed(2)}`);
    });
  }

  test('a model that cannot fit is refused with numbers, before anything is converted', async () => {
    const graphs = path.join(scratch, 'refused');
    await assert.rejects(load('200MB', graphs), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'memory-limit');
      assert.match(error.message, /^The model needs \d+ MB: weights \d+ MB, .*The limit is 200 MB/u);
      return true;
    });
    assert.ok(!existsSync(graphs), 'no graph was written');
  });

  test('under a tight limit the same rows give the same answers in smaller batches, below the limit; a longer prompt is refused', async (t) => {
    const rows = 24;
    const run = async (limit: string) => {
      const { engine, model } = await load(limit);
      const { prefix, answerRows } = await rowsOf(model, 200, rows, 40, 30);
      const answers = await model.answer(prefix, answerRows, never);
      return { engine, model, answers };
    };
    const free = await run('16GB');
    const freePeak = process.platform === 'linux' ? peakBytes(free.engine) : 0;
    free.engine.dispose();
    const limited = await run('520MB');
    for (const [i, { generated, comparison }] of limited.answers.entries()) {
      const expected = free.answers[i]!;
      assert.deepEqual([...generated.ids], [...expected.generated.ids], `row ${i}`);
      assert.deepEqual(comparison.flipped, expected.comparison.flipped, `row ${i}: top-1 tokens`);
      for (const [token, kl] of comparison.kl.entries()) {
        assert.ok(Math.abs(kl - expected.comparison.kl[token]!) < 1e-3, `row ${i}, token ${token}`);
      }
    }
    if (process.platform === 'linux') {
      const peak = peakBytes(limited.engine);
      t.diagnostic(`peak ${Math.round(peak / 1e6)} MB under the limit, ${Math.round(freePeak / 1e6)} MB without`);
      assert.ok(peak < 520e6 * 1.05, `${Math.round(peak / 1e6)} MB`);
      assert.ok(freePeak > peak, 'without the limit it would have been more');
    }
    await assert.rejects(limited.model.prefill(tokens(4000, 1), evictions(policyIds), never), {
      code: 'memory-limit',
      message: /^A system turn of 4000 tokens needs/u,
    });
    limited.engine.dispose();
  });

  test('results are equal at 1, 3 and 64 rows per batch, and in short and long runs', async () => {
    const decoder = await openTestDecoder(scratch);
    after(() => decoder.session.release());
    const { layers, kvHeads } = decoder.config;
    const stopIds = new Set([2]);
    const shape = { layers, kvHeads, seqLen: 60 };
    const suffix = tokens(9, 7);
    const run = async (batches: Batches) => {
      const prefix = await prefill(decoder, tokens(60, 6), rowGroupsFor(policyIds, 60), neverPause, undefined, batches);
      const rows = Array.from({ length: 7 }, (_, i) => ({
        // Every row sees another part of the prompt.
        hidden: hiddenEntries({ kind: 'positions', positions: Int32Array.of(5 * i, 5 * i + 1, 5 * i + 3) }, shape, () =>
          assert.fail(),
        ),
        suffix,
        target: tokens(12, 8),
        maxTokens: 16,
      }));
      const comparer = new Comparer(decoder, prefix, batches);
      return {
        prefix,
        generated: await generate(decoder, prefix, rows, stopIds, neverPause, undefined, batches),
        answered: await answer(comparer, rows, stopIds, neverPause),
      };
    };
    const expected = await run(largestBatches);
    for (const [rows, tokenRowsPerRun, prefillChunk] of [
      [1, 16, 16],
      [3, 64, 32],
      [64, 512, 60],
    ] as const) {
      const what = `${rows} rows, runs of ${tokenRowsPerRun}`;
      const { prefix, generated, answered } = await run({ rowsPerBatch: () => rows, tokenRowsPerRun, prefillChunk });
      for (const [id, logit] of prefix.lastLogits.entries()) {
        assert.ok(Math.abs(logit - expected.prefix.lastLogits[id]!) < 5e-4, `${what}: logit ${id}`);
      }
      for (const [row, { ids }] of generated.entries()) {
        assert.deepEqual([...ids], [...expected.generated[row]!.ids], `${what}: generated row ${row}`);
      }
      for (const [row, { comparison, continuation }] of answered.entries()) {
        assert.deepEqual([...continuation.ids], [...expected.answered[row]!.continuation.ids], `${what}: row ${row}`);
        assert.deepEqual(
          comparison.flipped,
          expected.answered[row]!.comparison.flipped,
          `${what}: top-1 of row ${row}`,
        );
        for (const [token, kl] of comparison.kl.entries()) {
          const difference = Math.abs(kl - expected.answered[row]!.comparison.kl[token]!);
          assert.ok(difference < 1e-3, `${what}: KL of row ${row}, token ${token} off by ${difference}`);
        }
      }
    }
  });
});
