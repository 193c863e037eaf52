// Mixed precision on the real model against torch: tiers, stored keys and values, and what the model then says.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { needsOf, type CacheRequest } from '../../src/cache/cacheRequest.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import { unionOfNeeds } from '../../src/cache/layerObservation.ts';
import { channelBalancer, queryMagnitudes } from '../../src/cache/mikv/balancer.ts';
import { cumulativeH2o, importanceTier, type ImportanceTierOptions } from '../../src/cache/mikv/importanceTier.ts';
import { rotated } from '../../src/cache/rotary.ts';
import { storeCache } from '../../src/cache/storeCache.ts';
import { Comparer } from '../../src/runtime/simulator/compare.ts';
import { generate } from '../../src/runtime/simulator/generate.ts';
import { prefill, type Prefill } from '../../src/runtime/simulator/prefill.ts';
import { hiddenEntries, type HiddenEntries } from '../../src/runtime/simulator/prefixMask.ts';
import { neverPause, openTestDecoder } from '../support/engine.ts';
import { discover, floats, needsFixtures, readJson } from '../support/fixtures.ts';
import { needsModel } from '../support/model.ts';

interface Tensor {
  f32: string;
}
interface Arm {
  arm: 'mikv' | 'all_low' | 'evict_h2o' | 'fp16_full';
  lo_bits?: 2 | 3 | 4;
  balanced?: boolean;
  tier?: 'heavy' | 'half_recent';
  n_hi?: number;
  size_fraction: number;
  kept?: string;
  greedy: { ids: number[]; gaps: number[] };
  forced: { logprobs: Tensor; mean_logprob: number };
}
type Check = { layer: number; positions: number[]; b: Tensor; importance: Tensor } & Record<string, Tensor>;
interface Reference {
  name: string;
  n_hi: number;
  hi_sets: Record<'heavy' | 'half_recent', string>;
  heavy_boundary_rel_gap: Tensor;
  checks: Check[];
  arms: Arm[];
}
interface Base {
  system_ids: number[];
  suffix_ids: number[];
  greedy: { ids: number[] };
}

// Tolerances of the fixtures' README: K carries float noise, so single codes flip.
const mixed = { mean: 5e-3, token: 0.15, gap: 0.05 };
const exact = { mean: 1e-3, token: 5e-3, gap: 5e-3 };

/** Greedy tokens compared per arm: each arm reads keys and values of its own, so they cannot share a batch. */
const greedyTokens = 12;

const files = discover('mikv', /^smollm2_.*\.json$/u);
const missing =
  files.length === 0 ? { skip: 'no reference outputs of a real model in this fixtures folder' } : needsModel();
const skip = needsFixtures('mikv').skip !== false ? needsFixtures('mikv') : missing;

const requestOf = ({ arm, lo_bits: retained, balanced: balancer, tier, n_hi }: Arm): CacheRequest | null => {
  if (arm === 'fp16_full') return { kind: 'quantised', format: 'fp16' };
  if (arm === 'evict_h2o') return null;
  return {
    kind: 'mixed-precision',
    policy: null,
    importantTokens: n_hi!,
    precision: { importance: 16, retained: retained!, balancer: balancer! },
    split: tier === 'half_recent' ? 'half-recent' : 'heavy',
  };
};

describe('mixed precision on the default model', skip, async () => {
  if (skip.skip !== false) return;
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-mikv-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  const decoder = await openTestDecoder(scratch);
  const { layers, kvHeads, headDim } = decoder.config;

  for (const file of files) {
    const reference = readJson<Reference>(file);
    const [baseFile] = discover('smollm2', new RegExp(`^${reference.name}\\.base\\.json$`, 'u'));
    assert.ok(baseFile !== undefined, `no ${reference.name}.base.json in the fixtures`);
    const base = readJson<Base>(baseFile);
    const ids = Int32Array.from(base.system_ids);
    const seqLen = ids.length;
    const shape = { layers, kvHeads, seqLen };
    const requests = reference.arms.flatMap((arm) => requestOf(arm) ?? []);
    const { rowGroups, queries } = unionOfNeeds(requests.map((request) => needsOf(request, seqLen)));
    let prefix: Prefill;

    await describe(reference.name, async () => {
      await test('importance, tiers, balancer and stored entries', async () => {
        prefix = await prefill(decoder, ids, rowGroups, neverPause, undefined, { prefillChunk: 512, queries });
        const gaps = floats(reference.heavy_boundary_rel_gap);
        for (const [name, split] of [['heavy', 'heavy'] as const, ['half_recent', 'half-recent'] as const]) {
          const tier = importanceTier(prefix.observations, reference.n_hi, { split } satisfies ImportanceTierOptions);
          const expected = KeptSet.fromBitmap(layers, kvHeads, seqLen, Buffer.from(reference.hi_sets[name], 'base64'));
          let compared = 0;
          for (let row = 0; row < layers * kvHeads; row++) {
            const [layer, head] = [Math.floor(row / kvHeads), row % kvHeads];
            if (name === 'heavy' && gaps[row]! < 1e-4) continue;
            const [ours, theirs] = [tier.positions(layer, head), expected.positions(layer, head)];
            if (name === 'half_recent' && ours.join() !== theirs.join()) continue; // its boundary gaps are not given
            assert.deepEqual(ours, theirs, `${name}, layer ${layer}, head ${head}`);
            compared++;
          }
          assert.ok(compared > 0.95 * layers * kvHeads, `${name}: only ${compared} rows agree or were compared`);
        }
        for (const check of reference.checks) {
          const observation = prefix.observations[check.layer]!;
          const importance = floats(check.importance);
          for (const [i, score] of cumulativeH2o.score(observation).entries())
            assert.ok(Math.abs(score - importance[i]!) <= 1e-3 + 1e-4 * importance[i]!, `importance ${i}`);
          const turned = rotated(observation.queries(), observation.rotary(), seqLen, headDim);
          const factors = channelBalancer(observation.keys, queryMagnitudes(turned, observation), observation);
          for (const [i, expected] of floats(check.b).entries())
            assert.ok(
              Math.abs(factors[i]! - expected) <= 1e-3 * expected,
              `balancer ${i}: ${factors[i]} for ${expected}`,
            );
          for (const bits of [2, 3, 4] as const) {
            for (const [balancer, suffix] of [[false, 'plain'] as const, [true, 'bal'] as const]) {
              const { keyValues } = storeCache(prefix.observations, {
                kind: 'mixed-precision',
                policy: null,
                importantTokens: reference.n_hi,
                precision: { importance: 16, retained: bits, balancer },
                split: 'heavy',
              });
              for (const [tensor, name] of [
                [keyValues!.keys[check.layer]!, `K_int${bits}_${suffix}`],
                [keyValues!.values[check.layer]!, `V_int${bits}`],
              ] as const)
                assertMostlyClose(at(tensor, check.positions), floats(check[name]!), `layer ${check.layer}, ${name}`);
            }
          }
        }
      });

      await test('every arm: bytes, log-probabilities and greedy answers', async (t) => {
        const exactCache = new Comparer(decoder, prefix);
        const suffix = Int32Array.from(base.suffix_ids);
        const target = Int32Array.from(base.greedy.ids);
        for (const arm of reference.arms) {
          const { tier = '', lo_bits: bits = '', balanced = '' } = arm;
          const what = `${arm.arm} ${tier} ${bits} ${balanced}`;
          const request = requestOf(arm);
          let hidden: HiddenEntries = hiddenEntries({ kind: 'none' }, shape, () => assert.fail());
          let comparer = exactCache;
          if (request === null) {
            const kept = KeptSet.fromBitmap(layers, kvHeads, seqLen, Buffer.from(arm.kept!, 'base64'));
            hidden = hiddenEntries({ kind: 'variant', variant: 0 }, shape, () => kept);
          } else {
            const { keyValues, bytes, fullBytes } = storeCache(prefix.observations, request);
            assert.ok(Math.abs(bytes / fullBytes - arm.size_fraction) < 1e-12, `${what}: ${bytes} of ${fullBytes}`);
            comparer = exactCache.over({ keyValues: { ...prefix.keyValues, ...keyValues! } });
          }
          const [comparison] = await comparer.compare([{ hidden, suffix, target }], neverPause);
          const { logProbs } = comparison!;
          const tolerance = arm.arm === 'mikv' || arm.arm === 'all_low' ? mixed : exact;
          const mean = logProbs.reduce((sum, value) => sum + value, 0) / logProbs.length;
          const off = Math.abs(mean - arm.forced.mean_logprob);
          t.diagnostic(`${what}: mean log-probability ${mean.toFixed(4)}, off by ${off.toExponential(1)}`);
          assert.ok(off <= tolerance.mean, `${what}: mean log-probability off by ${off}`);
          for (const [step, expected] of floats(arm.forced.logprobs).entries())
            assert.ok(Math.abs(logProbs[step]! - expected) <= tolerance.token, `${what}: token ${step}`);
          const maxTokens = Math.min(greedyTokens, arm.greedy.ids.length);
          const row = { hidden, suffix, maxTokens };
          const [answer] = await generate(decoder, comparer.prefix, [row], new Set(), neverPause);
          for (const [step, id] of answer!.ids.entries()) {
            if (arm.greedy.gaps[step]! < tolerance.gap) break;
            assert.equal(id, arm.greedy.ids[step], `${what}: greedy token ${step}`);
          }
        }
      });
    });

    /** Entries of some positions, [kv heads, positions, head size]. */
    const at = (tensor: Float32Array, positions: readonly number[]): number[] =>
      Array.from({ length: kvHeads }, (_, head) =>
        positions.flatMap((position) => {
          const start = (head * seqLen + position) * headDim;
          return [...tensor.subarray(start, start + headDim)];
        }),
      ).flat();
  }
});

/** Within 1e-3 but for isolated elements, whose code is off by one step. */
function assertMostlyClose(actual: readonly number[], expected: Float32Array, what: string): void {
  const off = actual.filter((value, i) => Math.abs(value - expected[i]!) > 1e-3 * Math.max(1, Math.abs(expected[i]!)));
  assert.ok(off.length <= 0.01 * actual.length, `${what}: ${off.length} of ${actual.length} elements are off`);
}
