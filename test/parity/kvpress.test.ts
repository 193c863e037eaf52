import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import { discover, floats, needsFixtures, readJson } from '../support/fixtures.ts';
import { layerFromAttention } from '../support/layers.ts';
import { assertScores, referencePolicy } from '../support/policyCases.ts';

interface Reference {
  S: number;
  num_q_heads: number;
  num_kv_heads: number;
  head_dim: number;
  inputs: Record<'keys_roped' | 'values' | 'attentions', { f32: string }>;
  cases: {
    policy: string;
    compression_ratio: number;
    kept: number[][];
    boundary_rel_gap?: number;
    scores?: { f32: string };
  }[];
}

test('scores and kept sets equal the reference library on random inputs', needsFixtures('kvpress'), async (t) => {
  const files = discover('kvpress', /\.json$/);
  assert.ok(files.length > 0, 'no reference outputs found');
  for (const file of files) {
    const reference = readJson<Reference>(file);
    const { S: seqLen, num_q_heads: queryHeads, num_kv_heads: kvHeads, head_dim: headDim, inputs } = reference;
    const layer = layerFromAttention(
      { seqLen, queryHeads, kvHeads, headDim },
      floats(inputs.keys_roped),
      floats(inputs.values),
      floats(inputs.attentions),
    );
    let compared = 0;
    for (const { policy: name, compression_ratio: ratio, kept, boundary_rel_gap: gap, scores } of reference.cases) {
      const policy = referencePolicy(name);
      if (policy === undefined) continue;
      compared++;
      await t.test(`${path.basename(file)}: ${name} at ${ratio}`, () => {
        const compressed = compress([layer], policy, ratio, { overflow: 'lowest-position' });
        assert.equal(compressed.keptTokens, kept[0]?.length);
        if (scores !== undefined) {
          const actual = policy.score(layer, compressed.keptTokens);
          assertScores(actual, floats(scores), policy, seqLen, (value) => 2e-5 + 2e-4 * Math.abs(value));
        }
        // A closer boundary is decided by float noise.
        if (gap === undefined || gap <= 1e-5) return;
        for (let head = 0; head < kvHeads; head++)
          assert.deepEqual([...compressed.kept.positions(0, head)], kept[head], `KV head ${head}`);
      });
    }
    assert.ok(compared > 0, `${file} has no case of a policy that Holdfast has`);
  }
});
