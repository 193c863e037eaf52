// The whole engine on the real model against torch and kvpress: one exact prefill, masked instead of gathered caches.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import { parsePolicy, policyIds, rowGroupsFor, type PolicyId } from '../../src/cache/policies/index.ts';
import { Comparer } from '../../src/runtime/simulator/compare.ts';
import { generate } from '../../src/runtime/simulator/generate.ts';
import { prefill, type Prefill } from '../../src/runtime/simulator/prefill.ts';
import { hiddenEntries, type HiddenEntries } from '../../src/runtime/simulator/prefixMask.ts';
import { openTestDecoder, neverPause } from '../support/engine.ts';
import { discover, floats, needsFixtures, readJson } from '../support/fixtures.ts';
import { needsModel } from '../support/model.ts';

// Tolerances of the fixtures' README.
const tolerance = {
  logit: 5e-4,
  logSumExp: 3e-4,
  keyValue: 3e-4,
  columnSum: 1e-3,
  columnSumRelative: 1e-4,
  logProb: 2e-4,
  meanLogProb: 1e-4,
  ambiguousMeanLogProb: 1e-2,
  nearTie: 2e-3,
};

interface Top {
  top20: [number, number][];
  logsumexp: number;
}
interface Greedy {
  ids: number[];
  gaps: number[];
  logprobs: { f32: string };
}
interface Base {
  name: string;
  S: number;
  system_ids: number[];
  full_ids: number[];
  suffix_ids: number[];
  system_last_logits: Top;
  full_last_logits: Top;
  greedy: Greedy;
  kv_checks: { layer: number; positions: number[]; K: { f32: string }; V: { f32: string } }[];
  attention_checks: { layer: number; colsum_group_mean: { f32: string }; last_row_group_mean: { f32: string } }[];
}
interface Case {
  ratio: number;
  n_kept: number[];
  kept: string;
  boundary_gap: string;
  boundary_score: string;
  greedy: Greedy;
  first_logits: { top5: [number, number][]; logsumexp: number };
  forced: { logprobs: { f32: string }; mean_logprob: number };
}
interface Policies {
  policies: Record<string, { cases: Case[] }>;
}
interface ProbeFile {
  suffix_ids: number[];
  targets: Record<string, { ids: number[] }>;
  cases: {
    policy: string;
    ratio: number;
    targets: Record<string, { logprobs: { f32: string } }>;
    greedy: Greedy;
  }[];
}

const ours: Record<string, PolicyId> = {
  streaming_llm: 'streaming-llm',
  snapkv: 'snapkv',
  tova: 'tova',
  observed_attention: 'h2o',
  knorm: 'knorm',
};

const prompts = discover('smollm2', /\.base\.json$/u);
const skip = needsFixtures('smollm2').skip !== false ? needsFixtures('smollm2') : needsModel();

function assertClose(actual: number, expected: number, allowed: number, what: string): void {
  const difference = Math.abs(actual - expected);
  assert.ok(
    difference <= allowed,
    `${what}: ${actual} instead of ${expected} (off by ${difference}, allowed ${allowed})`,
  );
}

/** Greedy tokens agree up to the first step at which the reference itself was nearly undecided. */
function assertGreedy(actual: Int32Array, reference: Greedy, what: string): void {
  for (const [step, id] of actual.entries()) {
    if (reference.gaps[step]! < tolerance.nearTie) return;
    assert.equal(id, reference.ids[step], `${what}: greedy token ${step}`);
  }
}

describe('engine parity on the default model', skip, async () => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-parity-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  if (skip.skip !== false) return;
  const decoder = await openTestDecoder(scratch);
  const { layers, kvHeads, headDim, vocabSize, queryHeads } = decoder.config;

  test('there is a prompt to compare with', () => {
    assert.ok(prompts.length > 0, 'no *.base.json in the fixtures');
  });

  for (const file of prompts) {
    const base = readJson<Base>(file);
    const referencePolicies = readJson<Policies>(file.replace('.base.', '.policies.'));
    const suffix = Int32Array.from(base.suffix_ids);
    const shape = { layers, kvHeads, seqLen: base.S };
    let prefix: Prefill;
    const hide = (kept: KeptSet): HiddenEntries => hiddenEntries({ kind: 'variant', variant: 0 }, shape, () => kept);
    const nothing = hiddenEntries({ kind: 'none' }, shape, () => assert.fail());

    await describe(base.name, async () => {
      await test('last logits, keys, values and attention sums of the exact prefill', async () => {
        prefix = await prefill(decoder, Int32Array.from(base.system_ids), rowGroupsFor(policyIds, base.S), neverPause);
        for (const [id, logit] of base.system_last_logits.top20) {
          assertClose(prefix.lastLogits[id]!, logit, tolerance.logit, `logit ${id}`);
        }
        assertClose(logSumExp(prefix.lastLogits), base.system_last_logits.logsumexp, tolerance.logSumExp, 'logsumexp');
        for (const { layer, positions, K, V } of base.kv_checks) {
          for (const [values, reference] of [
            [prefix.keyValues.keys[layer]!, floats(K)],
            [prefix.keyValues.values[layer]!, floats(V)],
          ] as const) {
            for (let head = 0; head < kvHeads; head++) {
              for (const [p, position] of positions.entries()) {
                for (let channel = 0; channel < headDim; channel++) {
                  const actual = values[(head * base.S + position) * headDim + channel]!;
                  const expected = reference[(head * positions.length + p) * headDim + channel]!;
                  assertClose(
                    actual,
                    expected,
                    tolerance.keyValue,
                    `layer ${layer}, head ${head}, position ${position}`,
                  );
                }
              }
            }
          }
        }
        const group = queryHeads / kvHeads;
        for (const check of base.attention_checks) {
          const observation = prefix.observations[check.layer]!;
          for (const [sums, reference] of [
            [observation.columnSums('all'), floats(check.colsum_group_mean)],
            [observation.columnSums({ last: 1 }), floats(check.last_row_group_mean)],
          ] as const) {
            for (const [i, expected] of reference.entries()) {
              const [head, position] = [Math.floor(i / base.S), i % base.S];
              let mean = 0;
              for (let q = 0; q < group; q++) mean += sums[(head * group + q) * base.S + position]! / group;
              const allowed = tolerance.columnSum + tolerance.columnSumRelative * Math.abs(expected);
              assertClose(mean, expected, allowed, `layer ${check.layer}, head ${head}, column ${position}`);
            }
          }
        }
      });

      await test('the uncompressed continuation: greedy tokens and their log-probabilities', async () => {
        const maxTokens = base.greedy.ids.length;
        const [full] = await generate(decoder, prefix, [{ hidden: nothing, suffix, maxTokens }], new Set(), neverPause);
        assertGreedy(full!.ids, base.greedy, 'full cache');
        const target = Int32Array.from(base.greedy.ids);
        const [forced] = await new Comparer(decoder, prefix).compare([{ hidden: nothing, suffix, target }], neverPause);
        for (const [step, expected] of floats(base.greedy.logprobs).entries()) {
          assertClose(forced!.logProbs[step]!, expected, tolerance.logProb, `log-probability of token ${step}`);
        }
      });

      await test('kept sets of the five policies outside near-ties', () => {
        for (const [name, { cases }] of Object.entries(referencePolicies.policies)) {
          const id = ours[name];
          if (id === undefined) continue;
          for (const reference of cases) {
            const options = { overflow: 'lowest-position' } as const;
            const actual = compress(prefix.observations, parsePolicy(id), reference.ratio, options);
            assert.equal(actual.keptTokens, reference.n_kept[0], `${name}@${reference.ratio}: n_kept`);
            const expected = keptSet(reference.kept, base.S);
            const [gaps, scores] = [floats(reference.boundary_gap), floats(reference.boundary_score)];
            let compared = 0;
            for (let row = 0; row < layers * kvHeads; row++) {
              if (gaps[row] !== 0 && gaps[row]! <= 1e-5 * Math.abs(scores[row]!) + 1e-9) continue;
              if (name === 'knorm' && row < kvHeads) continue; // layer 0 keys of repeated tokens tie mathematically
              const [layer, head] = [Math.floor(row / kvHeads), row % kvHeads];
              assert.deepEqual(
                actual.kept.positions(layer, head),
                expected.positions(layer, head),
                `${name}@${reference.ratio}, layer ${layer}, head ${head}`,
              );
              compared++;
            }
            assert.ok(compared > (layers * kvHeads) / 2, `${name}@${reference.ratio}: only ${compared} rows compared`);
          }
        }
      });

      await test('masked continuations equal the gathered caches of every policy in the fixture', async () => {
        const cases = Object.entries(referencePolicies.policies).flatMap(([name, policy]) =>
          policy.cases
            .filter(({ n_kept }) => n_kept.every((count) => count === n_kept[0]))
            .map((reference) => ({ what: `${name}@${reference.ratio}`, reference })),
        );
        const rows = cases.map(({ reference }) => ({
          hidden: hide(keptSet(reference.kept, base.S)),
          suffix,
          target: Int32Array.from(base.greedy.ids),
        }));
        const comparisons = await new Comparer(decoder, prefix).compare(rows, neverPause);
        const maxTokens = cases[0]!.reference.greedy.ids.length;
        const continued = await generate(
          decoder,
          prefix,
          rows.map((row) => ({ ...row, maxTokens })),
          new Set(),
          neverPause,
        );
        for (const [i, { what, reference }] of cases.entries()) {
          const { logProbs } = comparisons[i]!;
          for (const [step, expected] of floats(reference.forced.logprobs).entries()) {
            assertClose(logProbs[step]!, expected, tolerance.logProb, `${what}: log-probability of token ${step}`);
          }
          const mean = logProbs.reduce((sum, value) => sum + value, 0) / logProbs.length;
          assertClose(mean, reference.forced.mean_logprob, tolerance.meanLogProb, `${what}: mean log-probability`);
          assertGreedy(continued[i]!.ids, reference.greedy, what);
        }
      });
    });

    const [probeFile] = discover('smollm2', new RegExp(`^${base.name}\\.probe\\.json$`, 'u'));
    if (probeFile === undefined) continue;
    await test(`${base.name}: a second user turn on the same compressed caches`, async () => {
      const probe = readJson<ProbeFile>(probeFile);
      const asked = Int32Array.from(probe.suffix_ids);
      const rows = probe.cases.flatMap(({ policy, ratio, targets }) => {
        const reference = referencePolicies.policies[policy]?.cases.find((one) => one.ratio === ratio);
        const hidden = policy === 'none' ? nothing : hide(keptSet(reference!.kept, base.S));
        return Object.entries(targets).map(([name, { logprobs }]) => ({
          what: `${policy}@${ratio}: ${name}`,
          expected: floats(logprobs),
          row: { hidden, suffix: asked, target: Int32Array.from(probe.targets[name]!.ids) },
        }));
      });
      const comparisons = await new Comparer(decoder, prefix).compare(
        rows.map(({ row }) => row),
        neverPause,
      );
      for (const [i, { what, expected }] of rows.entries()) {
        for (const [step, logProb] of expected.entries()) {
          assertClose(comparisons[i]!.logProbs[step]!, logProb, tolerance.logProb, `${what}, token ${step}`);
        }
      }
    });
  }

  const keptSet = (bitmap: string, seqLen: number): KeptSet =>
    KeptSet.fromBitmap(layers, kvHeads, seqLen, Buffer.from(bitmap, 'base64'));

  const logSumExp = (logits: Float32Array): number => {
    assert.equal(logits.length, vocabSize);
    const max = logits.reduce((a, b) => Math.max(a, b));
    return max + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
  };
});
