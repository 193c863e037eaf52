// What a mask hides equals what is not there: caches of which only the kept entries exist, at their original positions.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import { unionOfNeeds } from '../../src/cache/layerObservation.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { secondPassKey } from '../../src/cache/secondPass.ts';
import { decoderWeights } from '../../src/runtime/graph/decoderWeights.ts';
import { longRopeStart } from '../../src/runtime/graph/rope.ts';
import { wholeMatrix } from '../../src/runtime/graph/weightMatrix.ts';
import { largestBatches } from '../../src/runtime/memory/batches.ts';
import { prefill } from '../../src/runtime/simulator/prefill.ts';
import { runSecondPass, type PassResult } from '../../src/runtime/simulator/secondPass.ts';
import { openSafetensors } from '../../src/runtime/weights/safetensors.ts';
import { continueGathered, continueMasked } from '../support/continuation.ts';
import { neverPause, openTestFolder } from '../support/engine.ts';
import { committedFixture, floats, readJson } from '../support/fixtures.ts';
import { gathered, PlainDecoder } from '../support/plainDecoder.ts';

interface Reference {
  input_ids: number[];
  logits: { f32: string };
}

/** Float32 on one side, float64 on the other; logits reach 7. */
const tolerance = 2e-4;

/** Policies of all kinds: equal counts, counts per layer, per head and across everything, changed keys and values. */
const policies = [
  'streaming-llm(sinks=2)',
  'snapkv(window=3)',
  'tova',
  'h2o',
  'knorm',
  'keydiff',
  'lagkv(lag=3,sinks=1)',
  'expected-attention(sinks=1,future=8)',
  'cur(sinks=1)',
  'noncausal(chunk=5)',
  'leverage(sketch=4)',
  'compactor(chunk=5,start=1,end=1,sketch=4)',
  'capkv(sinks=1,future=8)',
  'random',
  'criticalkv(snapkv(window=3))',
  'chunkkv(h2o,length=3)',
  'block(keydiff,length=4)',
  'chunk(knorm,length=5)',
  'composed(knorm,keydiff)',
  'merging(knorm)',
  'cam(knorm)',
  'think(window=4)',
  'pyramid(window=2,beta=2)',
  'adakv(snapkv(window=3))',
  'critical-adakv(h2o)',
  'dms(knorm,threshold=-2,window=2)',
  'kvzip(sinks=1,chunk=16)',
  'kvzip(sinks=1,chunk=16,layerwise=true)',
  'kvcompose',
  'simlayer(threshold=0.2,recent=4,initial=1)',
].map(parsePolicy);
const prefixTokens = 14;
const ratios = [0.3, 0.6];

const folders = readdirSync(committedFixture('architectures'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('physically gathered caches give what masked ones give', () => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-gathered-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  for (const name of folders) {
    test(name, async (t) => {
      const folder = committedFixture('architectures', name);
      const reference = readJson<Reference>(path.join(folder, 'reference.json'));
      const ids = Int32Array.from(reference.input_ids);
      const decoder = await openTestFolder(scratch, folder, 'config.json');
      const { config } = decoder;
      const { kvHeads, headDim, vocabSize } = config;
      const source = openSafetensors(folder);
      const outputWeight = (layer: number): Float32Array =>
        wholeMatrix(decoderWeights(source, config, 'float32').linear('attentionOutput', layer));
      after(() => source.close());
      // A prefill reserves room for a conversation, so that it always rotates a model with LongRoPE by its long divisors.
      const plain = new PlainDecoder(source, config, longRopeStart(config) !== null);

      await t.test('the plain decoder is the model of the reference', () => {
        const held = plain.empty();
        const expected = floats(reference.logits);
        for (const [position, id] of ids.entries()) {
          const { logits } = plain.feed(id, position, held);
          for (const [v, logit] of logits.entries())
            assert.ok(Math.abs(logit - expected[position * vocabSize + v]!) < tolerance, `position ${position}`);
        }
      });

      const needs = unionOfNeeds(policies.map((policy) => policy.needs(prefixTokens)));
      const secondPasses = new Map<string, PassResult>();
      const options = { ...largestBatches, queries: true, outputWeight, secondPasses };
      const exact = await prefill(decoder, ids.slice(0, prefixTokens), needs.rowGroups, neverPause, undefined, options);
      for (const pass of needs.secondPasses) {
        const fed = ids.slice(pass.scored.start, pass.scored.end);
        secondPasses.set(secondPassKey(pass), await runSecondPass(decoder, exact, pass, fed, neverPause));
      }
      const fed = ids.slice(prefixTokens);
      const everything = await continueMasked(decoder, exact.keyValues, null, fed);
      const slides = config.attention.some(({ window }) => window !== null);
      let physical = 0;
      let effects = 0;
      for (const policy of policies) {
        await t.test(policy.id, async () => {
          for (const ratio of ratios) {
            const { kept, keyValues } = compress(exact.observations, policy, ratio);
            const cache = { ...exact.keyValues, ...keyValues };
            const masked = await continueMasked(decoder, cache, kept, fed);

            const counts = exact.observations.flatMap((_, layer) =>
              Array.from({ length: kvHeads }, (_, head) => kept.countKept(layer, head)),
            );
            // The graph takes one number of entries for all rows, and derives windows from positions without gaps.
            if (!slides && new Set(counts).size === 1) {
              physical++;
              const alike = await continueGathered(decoder, cache, kept, fed);
              assertClose(alike, masked, `${policy.id} at ${ratio}, gathered in the graph`);
            }
            const held = gathered(cache, { kvHeads, headDim }, (layer, head) => kept.positions(layer, head));
            const apart = Array.from(fed, (id, i) => [...plain.feed(id, prefixTokens + i, held).logits]).flat();
            assertClose(apart, masked, `${policy.id} at ${ratio}, gathered one by one`);
            if (masked.some((logit, i) => Math.abs(logit - everything[i]!) > 100 * tolerance)) effects++;
          }
        });
      }
      if (!slides) assert.ok(physical > policies.length, `${physical} caches were gathered in the graph`);
      assert.ok(effects > policies.length, `only ${effects} caches answer differently from the full one`);
      await decoder.session.release();
    });
  }
});

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(actual.length, expected.length, what);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  assert.ok(worst <= tolerance, `${what}: logits are off by ${worst}`);
}
