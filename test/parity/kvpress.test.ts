import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import { pyramidBudgets } from '../../src/cache/policies/pyramid.ts';
import { rotaryOf } from '../../src/cache/rotary.ts';
import { discover, floats, needsFixtures, readJson } from '../support/fixtures.ts';
import { layerFromAttention } from '../support/layers.ts';
import { assertScores, budget, referencePolicy } from '../support/policyCases.ts';

type Tensor = 'keys_roped' | 'values' | 'attentions' | 'queries_prerope' | 'inv_freq' | 'o_proj';

interface Reference {
  S: number;
  num_q_heads: number;
  num_kv_heads: number;
  head_dim: number;
  inputs: Record<Tensor, { f32: string }>;
  cases: {
    policy: string;
    compression_ratio: number;
    kept: number[][];
    boundary_rel_gap?: number;
    scores?: { f32: string };
    keys_out?: { f32: string };
  }[];
  pyramid_budgets: {
    S: number;
    compression_ratio: number;
    layers: number;
    window: number;
    beta: number;
    budgets: number[];
  }[];
}

test('scores and kept sets equal the reference library on random inputs', needsFixtures('kvpress'), async (t) => {
  const files = discover('kvpress', /\.json$/);
  assert.ok(files.length > 0, 'no reference outputs found');
  for (const file of files) {
    const reference = readJson<Reference>(file);
    const { S: seqLen, num_q_heads: queryHeads, num_kv_heads: kvHeads, head_dim: headDim, inputs } = reference;
    const rotary = rotaryOf(floats(inputs.inv_freq));
    const layer = layerFromAttention(
      { seqLen, queryHeads, kvHeads, headDim },
      floats(inputs.keys_roped),
      floats(inputs.values),
      floats(inputs.attentions),
      {
        queries: () => floats(inputs.queries_prerope),
        rotary: () => rotary,
        outputWeight: () => floats(inputs.o_proj),
      },
    );
    for (const { policy: name, compression_ratio: ratio, kept, ...expected } of reference.cases) {
      await t.test(`${path.basename(file)}: ${name} at ${ratio}`, () => {
        const policy = referencePolicy(name);
        assert.ok(policy !== undefined, `${name} is a policy that Holdfast does not have`);
        const compressed = compress([layer], policy, ratio, { overflow: 'lowest-position' });
        const counts = kept.map((positions) => positions.length);
        assert.deepEqual(
          counts.map((_, head) => compressed.kept.countKept(0, head)),
          counts,
        );
        if (expected.scores !== undefined) {
          const actual = policy.score(layer, budget(compressed.keptTokens, ratio));
          assertScores(actual, floats(expected.scores), policy, seqLen, (value) => 2e-5 + 2e-4 * Math.abs(value));
        }
        // A closer boundary is decided by float noise.
        if (expected.boundary_rel_gap === undefined || expected.boundary_rel_gap > 1e-5)
          for (let head = 0; head < kvHeads; head++)
            assert.deepEqual([...compressed.kept.positions(0, head)], kept[head], `KV head ${head}`);
        if (expected.keys_out !== undefined) {
          const moved = compressed.keyValues!.keys[0]!;
          const compact = kept.flatMap((positions, head) =>
            positions.flatMap((position) => [
              ...moved.subarray((head * seqLen + position) * headDim, (head * seqLen + position + 1) * headDim),
            ]),
          );
          for (const [index, value] of floats(expected.keys_out).entries())
            assert.ok(
              Math.abs(compact[index]! - value) < 1e-5,
              `key element ${index}: ${compact[index]} is not ${value}`,
            );
          assert.equal(compressed.nextPosition, counts[0]);
        }
      });
    }
    await t.test(`${path.basename(file)}: budgets of the pyramid`, () => {
      assert.ok(reference.pyramid_budgets.length > 0);
      for (const { S, compression_ratio, budgets, ...shape } of reference.pyramid_budgets)
        assert.deepEqual(pyramidBudgets({ seqLen: S, ratio: compression_ratio, ...shape }), budgets);
    });
  }
});
