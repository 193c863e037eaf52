// Policies beyond the default grid on real weights: what they read is there, and what they change is run.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eviction, evictions } from '../../src/cache/cacheRequest.ts';
import { loadDefaultModel } from '../support/defaultEngine.ts';
import { needsModel } from '../support/model.ts';

const never = new AbortController().signal;
const seqLen = 90;
const prompt = Int32Array.from({ length: seqLen }, (_, i) => 100 + ((i * 7919) % 40_000));
const suffix = Int32Array.of(1, 4093, 198, 2020, 354, 340, 3511);
const target = Int32Array.of(57, 1077, 354, 5321, 28, 2020);

/** One of each kind: by what it reads, how it chooses, and what it changes. */
const policies = [
  'knorm',
  'expected-attention',
  'leverage',
  'lagkv',
  'pyramid(window=16)',
  'adakv(snapkv)',
  'chunkkv(h2o)',
  'criticalkv(snapkv)',
  'merging(knorm)',
  'think',
  'rerotate(streaming-llm)',
  'kvzip',
  'kvzip(plus=true)',
  'kvcompose',
] as const;

describe('policies on the default model', { ...needsModel(), concurrency: 1 }, async () => {
  if (needsModel().skip !== false) return;
  const model = await loadDefaultModel();
  const prefix = await model.prefill(prompt, evictions(policies), never);
  const compare = async (variant: number) => {
    const [comparison] = await model.compare(prefix, [{ mask: { kind: 'variant', variant }, suffix, target }], never);
    return comparison!;
  };
  const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  for (const policy of policies) {
    test(`${policy} compresses a prefix, and more compression moves answers further`, async () => {
      const [light, heavy] = [
        await model.compress(prefix, eviction(policy, 0.1), never),
        await model.compress(prefix, eviction(policy, 0.7), never),
      ];
      assert.ok(heavy.bytes < light.bytes && light.bytes <= light.fullBytes, `${heavy.bytes} of ${light.fullBytes}`);
      const [little, much] = [mean((await compare(light.variant)).kl), mean((await compare(heavy.variant)).kl)];
      assert.ok(much > 1e-3 && little < much, `KL ${little} at 0.1, ${much} at 0.7`);
      assert.ok(Number.isFinite(much));
    });
  }

  test('a variant with keys and values of its own differs from its evicted entries hidden in the exact cache', async () => {
    const plain = await model.compress(prefix, eviction('knorm', 0.5), never);
    const merged = await model.compress(prefix, eviction('merging(knorm)', 0.5), never);
    assert.deepEqual(merged.kept.bits, plain.kept.bits, 'merging keeps what its base keeps');
    const [a, b] = [await compare(plain.variant), await compare(merged.variant)];
    assert.notDeepEqual(a.kl, b.kl, 'but values moved');
  });

  test('nothing evicted is nothing changed, whatever the policy', async () => {
    for (const policy of ['merging(knorm)', 'rerotate(streaming-llm)']) {
      const { variant } = await model.compress(prefix, eviction(policy, 0), never);
      assert.deepEqual([...(await compare(variant)).kl], new Array(target.length).fill(0), policy);
    }
  });

  test('rows of several variants come back in the order in which they were asked', async () => {
    const variants = [];
    for (const policy of ['knorm', 'merging(knorm)', 'rerotate(streaming-llm)']) {
      variants.push((await model.compress(prefix, eviction(policy, 0.5), never)).variant);
    }
    const rows = [...variants, ...variants.reverse()].map((variant) => ({
      mask: { kind: 'variant', variant } as const,
      suffix,
      target,
    }));
    const told: number[] = [];
    const together = await model.compare(prefix, rows, never, (done) => told.push(done));
    for (const [i, row] of rows.entries()) {
      const alone = await compare(row.mask.variant);
      for (const [token, kl] of alone.kl.entries()) assert.ok(Math.abs(kl - together[i]!.kl[token]!) < 1e-3);
    }
    assert.equal(told.at(-1), rows.length);
    assert.deepEqual(
      told,
      [...told].sort((a, b) => a - b),
      'progress does not go back',
    );
  });

  test('a stored cache in part: none of it is the exact cache, all of it is the whole variant', async () => {
    const stored = await model.compress(
      prefix,
      { kind: 'quantised', format: 'llamacpp(keys=q4_0,values=q4_0)' },
      never,
    );
    assert.ok(stored.isChanged);
    const part = (positions: Int32Array) => ({
      mask: { kind: 'variant-positions', variant: stored.variant, positions } as const,
      suffix,
      target,
    });
    const all = Int32Array.from(prompt.keys());
    const [none, some, whole] = await model.compare(
      prefix,
      [part(new Int32Array(0)), part(all.slice(4, 40)), part(all)],
      never,
    );
    assert.ok(mean(none!.kl) < 2e-4, `${mean(none!.kl)}`); // float noise of another batch
    assert.ok(mean(some!.kl) > mean(none!.kl) && mean(some!.kl) < mean(whole!.kl));
    for (const [token, kl] of (await compare(stored.variant)).kl.entries())
      assert.ok(Math.abs(kl - whole!.kl[token]!) < 1e-3);
  });

  test('a variant that is made again after another was used is the same', async () => {
    const first = await model.compress(prefix, eviction('merging(knorm)', 0.5), never);
    const before = await compare(first.variant);
    const second = await model.compress(prefix, { kind: 'quantised', format: 'kivi(residualLength=32)' }, never);
    await compare(second.variant);
    assert.deepEqual((await compare(first.variant)).kl, before.kl);
  });

  test('a policy that was not announced to the prefill cannot score it', async () => {
    const bare = await model.prefill(prompt, evictions(['knorm']), never);
    await assert.rejects(model.compress(bare, eviction('expected-attention', 0.5), never), /was not asked for/u);
  });
});
