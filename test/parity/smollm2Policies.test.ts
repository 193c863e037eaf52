import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import type { LayerObservation } from '../../src/cache/layerObservation.ts';
import { openSafetensors } from '../../src/runtime/weights/safetensors.ts';
import { discover, floats, needsFixtures, readJson } from '../support/fixtures.ts';
import { layerFromQueries } from '../support/layers.ts';
import { rotaryOf, unrotated } from '../../src/cache/rotary.ts';
import { protectionOf } from '../../src/cache/policies/policy.ts';
import { assertScores, budget, referencePolicy } from '../support/policyCases.ts';

interface Reference {
  S: number;
  n_layers: number;
  n_kv_heads: number;
  policies: Record<
    string,
    {
      params: Record<string, unknown>;
      scores?: { layer: number; score: { f32: string } }[];
      cases: { ratio: number; n_kept: number[]; kept: string; boundary_gap: string; boundary_score: string }[];
    }
  >;
}

/** The layers whose keys, values and queries a file holds, by index. */
function readLayers(file: string): Map<number, LayerObservation> {
  const source = openSafetensors(file);
  const floatsOf = (name: string) => new Float32Array(source.readRaw(name).buffer);
  const layers = new Map<number, LayerObservation>();
  for (const [name, info] of source.tensors) {
    const index = /^layer(\d+)\.K$/.exec(name)?.[1];
    if (index === undefined) continue;
    const [kvHeads, seqLen, headDim] = info.shape as [number, number, number];
    const [keys, values, queries] = [floatsOf(name), floatsOf(`layer${index}.V`), floatsOf(`layer${index}.Q`)];
    const queryHeads = queries.length / (seqLen * headDim);
    const rotary = rotaryOf(floatsOf('inv_freq'));
    const beforeRope = unrotated(queries, rotary, seqLen, headDim);
    const others = { queries: () => beforeRope, rotary: () => rotary };
    layers.set(
      Number(index),
      layerFromQueries({ seqLen, queryHeads, kvHeads, headDim }, keys, values, queries, others),
    );
  }
  source.close();
  return layers;
}

test(
  'scores and kept sets equal the reference on keys, values and queries of a real model',
  needsFixtures('smollm2'),
  async (t) => {
    const files = discover('smollm2', /\.kvq\.safetensors$/);
    if (files.length === 0) {
      // 2 MB of inputs; engine.test.ts compares the same policies on inputs that the engine computes.
      t.skip('this fixtures folder holds no *.kvq.safetensors');
      return;
    }
    for (const file of files) {
      const layers = readLayers(file);
      const reference = readJson<Reference>(file.replace(/\.kvq\.safetensors$/, '.policies.json'));
      const { S: seqLen, n_layers: layerCount, n_kv_heads: kvHeads } = reference;
      for (const [name, { params, scores, cases }] of Object.entries(reference.policies)) {
        const policy = referencePolicy(name, params);
        assert.ok(policy !== undefined, `${name} is a policy that Holdfast does not have`);
        // Budgets that differ by layer need them all; only some have inputs here, so each stands in for the others.
        const copies = policy.budgets === undefined ? 1 : layerCount;
        const tolerance = (value: number) => (name === 'knorm' ? 3e-4 : 5e-4 * Math.abs(value));

        await t.test(`${path.basename(file)}: ${name}`, () => {
          const { sinks, window } = protectionOf(policy, seqLen);
          const protectedCount = sinks.length + window.length;
          let rows = 0;
          for (const [index, layer] of layers) {
            const expected = scores?.find((entry) => entry.layer === index);
            if (expected !== undefined)
              assertScores(policy.score(layer, budget(seqLen)), floats(expected.score), policy, seqLen, tolerance);
          }
          for (const { ratio, n_kept: counts, kept: bitmap, boundary_gap, boundary_score } of cases) {
            const expected = KeptSet.fromBitmap(layerCount, kvHeads, seqLen, Buffer.from(bitmap, 'base64'));
            const gaps = floats(boundary_gap);
            const boundaries = floats(boundary_score);
            for (const [index, layer] of layers) {
              const actual = compress(Array<LayerObservation>(copies).fill(layer), policy, ratio, {
                overflow: 'lowest-position',
              });
              const place = copies === 1 ? 0 : index;
              for (let head = 0; head < kvHeads; head++) {
                assert.equal(actual.kept.countKept(place, head), counts[index]);
                const gap = gaps[index * kvHeads + head]!;
                const boundary = Math.abs(boundaries[index * kvHeads + head]!);
                // A tie inside the protected positions is decided by position, any other close boundary by float noise.
                const tieByPosition = gap === 0 && counts[index]! < protectedCount;
                if (gap <= 1e-5 * boundary + 1e-9 && !tieByPosition) continue;
                rows++;
                assert.deepEqual(
                  [...actual.kept.positions(place, head)],
                  [...expected.positions(index, head)],
                  `ratio ${ratio}, layer ${index}, KV head ${head}`,
                );
              }
            }
          }
          assert.ok(rows > 0, 'every row was a near-tie: nothing was compared');
        });
      }
    }
  },
);
