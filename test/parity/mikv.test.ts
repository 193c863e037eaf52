import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { countBytes } from '../../src/cache/bytes.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import { channelBalancer, queryMagnitudes } from '../../src/cache/mikv/balancer.ts';
import { dequantiseGroups, quantiseGroups, type QuantisedBits } from '../../src/cache/mikv/groupQuantiser.ts';
import { cumulativeH2o, importanceCount, importanceTier } from '../../src/cache/mikv/importanceTier.ts';
import { mikvCache } from '../../src/cache/mikv/mikvCache.ts';
import { parseMikvPrecision } from '../../src/cache/mikv/mikvSettings.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { fullCacheBytes } from '../../src/cache/quantised/cacheShape.ts';
import { discover, floats, needsFixtures, readJson } from '../support/fixtures.ts';
import { layerFromQueries } from '../support/layers.ts';

interface Tensor {
  f32: string;
}

interface Synthetic {
  S: number;
  d: number;
  group: number;
  n_kv: number;
  n_q: number;
  r_hi: number;
  n_hi: number;
  K: Tensor;
  V: Tensor;
  Q: Tensor;
  b: Tensor;
  importance: Tensor;
  tiers: Record<'heavy' | 'half_recent' | 'normalised', { kept_hi: number[][] }>;
  quant: {
    tensor: 'K' | 'V';
    bits: QuantisedBits;
    balanced: boolean;
    codes: { u8: string };
    alpha: Tensor;
    beta: Tensor;
    dequantised: Tensor;
  }[];
  mixed: {
    hi: 'fp16' | 'int8';
    lo_bits: 2 | 3 | 4;
    balanced: boolean;
    size_fraction: number;
    K_first_last_token: Tensor;
    V_first_last_token: Tensor;
    K_sum: number;
    V_sum: number;
    last_query_output: Tensor;
  }[];
}

test(
  'balancer, codes, tiers, sizes and outputs equal the reference on random inputs',
  needsFixtures('mikv'),
  async (t) => {
    const files = discover('mikv', /^(synthetic|edge)_.*\.json$/);
    assert.ok(files.length > 0, 'no reference outputs found');
    for (const file of files) {
      const reference = readJson<Synthetic>(file);
      const { S: seqLen, d: headDim, group, n_kv: kvHeads, n_q: queryHeads, quant, mixed } = reference;
      const shape = { seqLen, queryHeads, kvHeads, headDim };
      const keys = floats(reference.K);
      const values = floats(reference.V);
      const queries = floats(reference.Q);
      const layer = { ...layerFromQueries(shape, keys, values, queries), queryMax: queryMagnitudes(queries, shape) };
      const factors = channelBalancer(keys, layer.queryMax, shape);
      const count = importanceCount(seqLen, reference.r_hi);
      const name = path.basename(file);

      await t.test(`${name}: balancer`, () => assert.deepEqual(factors, floats(reference.b)));

      await t.test(`${name}: importance and tiers`, () => {
        assertClose(cumulativeH2o.score(layer), floats(reference.importance), (value) => 1e-5 * Math.abs(value));
        assert.equal(count, reference.n_hi);
        const tiers = {
          heavy: importanceTier([layer], count),
          half_recent: importanceTier([layer], count, { split: 'half-recent' }),
          normalised: importanceTier([layer], count, { policy: parsePolicy('h2o') }),
        };
        for (const [tier, { kept_hi: kept }] of Object.entries(reference.tiers))
          for (const [head, positions] of kept.entries())
            assert.deepEqual(
              [...tiers[tier as keyof typeof tiers].positions(0, head)],
              positions,
              `${tier}, head ${head}`,
            );
      });

      for (const { tensor, bits, balanced, codes, alpha, beta, dequantised } of quant) {
        await t.test(`${name}: ${tensor} at ${bits} bits${balanced ? ', balanced' : ''}`, () => {
          const factor = (index: number): number =>
            balanced ? factors[Math.floor(index / (seqLen * headDim)) * headDim + (index % headDim)]! : 1;
          const exact = (tensor === 'K' ? keys : values).map((value, index) => value * factor(index));
          const quantised = quantiseGroups(exact, group, bits);
          assert.deepEqual(Buffer.from(quantised.codes), Buffer.from(codes.u8, 'base64'));
          assert.deepEqual(quantised.alpha, floats(alpha));
          assert.deepEqual(quantised.beta, floats(beta));
          const read = dequantiseGroups(quantised).map((value, index) => value / factor(index));
          assertClose(read, floats(dequantised), (value, index) => {
            const range = (quantised.alpha[Math.floor(index / group)]! * (2 ** bits - 1)) / factor(index);
            return 1e-6 * (Math.abs(value) + range);
          });
        });
      }

      for (const arm of mixed) {
        await t.test(`${name}: ${arm.hi} over int${arm.lo_bits}${arm.balanced ? ', balanced' : ''}`, () => {
          const tier = importanceTier([layer], count);
          const precision = parseMikvPrecision({
            importance: arm.hi === 'fp16' ? 16 : 8,
            retained: arm.lo_bits,
            balancer: arm.balanced,
          });
          const { keyValues, bytes } = mikvCache([layer], tier, precision);
          const stored = { keys: keyValues.keys[0]!, values: keyValues.values[0]! };
          const full = countBytes(fullCacheBytes({ ...shape, windows: [null] }), 'payload');
          assert.ok(Math.abs(countBytes(bytes, 'payload') / full - arm.size_fraction) < 1e-12);
          const ends = (tensor: Float32Array): number[] =>
            Array.from({ length: kvHeads }, (_, head) =>
              [0, seqLen - 1].flatMap((token) => {
                const start = (head * seqLen + token) * headDim;
                return [...tensor.subarray(start, start + headDim)];
              }),
            ).flat();
          assertClose(ends(stored.keys), floats(arm.K_first_last_token), (value) => 1e-6 * (1 + Math.abs(value)));
          assertClose(ends(stored.values), floats(arm.V_first_last_token), (value) => 1e-6 * (1 + Math.abs(value)));
          assertSum(stored.keys, arm.K_sum);
          assertSum(stored.values, arm.V_sum);
          const expected = floats(arm.last_query_output);
          const largest = Math.max(...expected.map(Math.abs));
          assertClose(lastOutput(shape, stored, queries), expected, () => 1e-4 * largest);
        });
      }
    }
  },
);

interface ModelRun {
  S: number;
  head_dim: number;
  n_hi: number;
  hi_sets: Record<'heavy' | 'half_recent', string>;
  arms: { arm: string; hi?: string; lo_bits?: 2 | 3 | 4; n_hi?: number; n_kept?: number; size_fraction: number }[];
}

test('sizes on a real model equal the reference for every arm', needsFixtures('mikv'), async (t) => {
  const files = discover('mikv', /^smollm2_.*\.json$/);
  if (files.length === 0) {
    t.skip('no reference outputs of a real model in this fixtures folder');
    return;
  }
  for (const file of files) {
    const { S: seqLen, head_dim: headDim, n_hi: count, hi_sets: sets, arms } = readJson<ModelRun>(file);
    await t.test(path.basename(file), () => {
      const [layers, kvHeads] = [30, 3];
      const tier = KeptSet.fromBitmap(layers, kvHeads, seqLen, Buffer.from(sets.heavy, 'base64'));
      assert.equal(tier.countKept(), layers * kvHeads * count);
      assert.equal(importanceCount(seqLen, 0.2), count);
      const zeros = new Float32Array(kvHeads * seqLen * headDim);
      const cache = Array.from({ length: layers }, () => ({
        seqLen,
        kvHeads,
        headDim,
        window: null,
        keys: zeros,
        values: zeros,
      }));
      const full = countBytes(fullCacheBytes({ kvHeads, headDim, seqLen, windows: cache.map(() => null) }), 'payload');
      for (const { arm, lo_bits: retained, size_fraction: fraction } of arms) {
        if (arm !== 'mikv' && arm !== 'all_low') continue;
        const kept = arm === 'mikv' ? tier : new KeptSet(layers, kvHeads, seqLen);
        const { bytes } = mikvCache(cache, kept, parseMikvPrecision({ retained, balancer: false }));
        assert.ok(Math.abs(countBytes(bytes, 'payload') / full - fraction) < 1e-12, `${arm} at ${retained} bits`);
      }
    });
  }
});

function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: (expected: number, index: number) => number,
): void {
  assert.equal(actual.length, expected.length);
  for (let index = 0; index < actual.length; index++) {
    const difference = Math.abs(actual[index]! - expected[index]!);
    assert.ok(
      difference <= tolerance(expected[index]!, index),
      `element ${index}: ${actual[index]!} instead of ${expected[index]!}`,
    );
  }
}

/** The reference adds in double precision; a sum of large elements that cancel is off by what their rounding is. */
function assertSum(elements: Float32Array, expected: number): void {
  let sum = 0;
  let magnitude = 0;
  for (const element of elements) {
    sum += element;
    magnitude += Math.abs(element);
  }
  assert.ok(Math.abs(sum - expected) <= 1e-6 * magnitude, `sum ${sum} instead of ${expected}`);
}

/** Attention of the last query over a cache, in double precision: [queryHeads, headDim]. */
function lastOutput(
  { seqLen, queryHeads, kvHeads, headDim }: { seqLen: number; queryHeads: number; kvHeads: number; headDim: number },
  { keys, values }: { keys: Float32Array; values: Float32Array },
  queries: Float32Array,
): Float64Array {
  const output = new Float64Array(queryHeads * headDim);
  for (let head = 0; head < queryHeads; head++) {
    const query = queries.subarray((head * seqLen + seqLen - 1) * headDim, (head + 1) * seqLen * headDim);
    const cache = Math.floor((head * kvHeads) / queryHeads) * seqLen * headDim;
    const scores = Array.from({ length: seqLen }, (_, token) =>
      query.reduce((sum, value, channel) => sum + value * keys[cache + token * headDim + channel]!, 0),
    );
    const highest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp((score - highest) / Math.sqrt(headDim)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [token, weight] of weights.entries())
      for (let channel = 0; channel < headDim; channel++)
        output[head * headDim + channel]! += (weight / total) * values[cache + token * headDim + channel]!;
  }
  return output;
}
