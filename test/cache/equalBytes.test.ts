import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { budgetBytes } from '../../src/cache/byteBudget.ts';
import { countBytes, type ByteCount } from '../../src/cache/bytes.ts';
import { compress } from '../../src/cache/compress.ts';
import { equalBytesArms, type EqualBytesArm, type ReachedArm } from '../../src/cache/equalBytes.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import { mikvCache } from '../../src/cache/mikv/mikvCache.ts';
import { parseMikvPrecision } from '../../src/cache/mikv/mikvSettings.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { fullCacheBytes, type CacheShape } from '../../src/cache/quantised/cacheShape.ts';
import { parseCacheFormat, uniformFormats } from '../../src/cache/quantised/index.ts';
import { quantiseCache } from '../../src/cache/quantised/quantisedCache.ts';
import { keptCount } from '../../src/cache/selection.ts';
import { noiseLayer } from '../support/caches.ts';
import { randomLayer } from '../support/layers.ts';

const pairs = [
  [16, 2],
  [16, 3],
  [16, 4],
  [8, 2],
  [4, 2],
].map(([importance, retained]) => parseMikvPrecision({ importance, retained, balancer: false }));

const shapeOf = (headDim: number, seqLen: number, windows: (number | null)[] = [null, null]): CacheShape => ({
  kvHeads: 3,
  headDim,
  seqLen,
  windows,
});

function armsAt(shape: CacheShape, fraction: number, count: ByteCount = 'payload'): EqualBytesArm[] {
  const budget = budgetBytes({ kind: 'fraction', fraction }, countBytes(fullCacheBytes(shape), count));
  return equalBytesArms(shape, budget, { precisions: pairs, formats: uniformFormats, count });
}

function find(arms: EqualBytesArm[], title: string): EqualBytesArm {
  const arm = arms.find((candidate) => candidate.title === title);
  assert.ok(arm, title);
  return arm;
}

/** The importance ratio that an arm solved for; undefined where it does not come to the size. */
function importanceRatio(arms: EqualBytesArm[], title: string): number | undefined {
  const arm = find(arms, title);
  return arm.reached && arm.setting.kind === 'mikv' ? arm.setting.importanceRatio : undefined;
}

test('the importance ratio of a size is the one of the formula, in whole tokens', () => {
  const at25 = armsAt(shapeOf(128, 1_000), 0.25);
  assert.equal(importanceRatio(at25, 'MiKV FP16/INT2'), 0.111); // (16 x 0.25 - 2.5) / 13.5
  assert.equal(importanceRatio(armsAt(shapeOf(128, 1_000), 0.2), 'MiKV FP16/INT2'), 0.051); // 0.0519
  assert.equal(importanceRatio(armsAt(shapeOf(64, 1_000), 0.25), 'MiKV FP16/INT2'), 0.076); // 1 / 13
  assert.equal(importanceRatio(at25, 'MiKV INT8/INT2'), 0.25); // (4 - 2.5) / 6
});

test('the sizes of the paper solve to its importance ratio', () => {
  for (const [fraction, title] of [
    [0.325, 'MiKV FP16/INT2'],
    [0.375, 'MiKV FP16/INT3'],
    [0.425, 'MiKV FP16/INT4'],
    [0.23125, 'MiKV INT8/INT2'],
    [0.18125, 'MiKV INT4/INT2'],
  ] as const)
    assert.equal(importanceRatio(armsAt(shapeOf(128, 1_000), fraction), title), 0.2, title);
});

test('what does not come to a size is an arm with the reason, never a zero', () => {
  const at15 = armsAt(shapeOf(128, 1_000), 0.15);
  const low = find(at15, 'MiKV FP16/INT2');
  assert.ok(!low.reached);
  assert.match(low.reason, /empty importance tier it takes 15\.6 % of the full cache, not 15\.0 %/);
  const high = find(armsAt(shapeOf(128, 1_000), 0.5), 'MiKV INT4/INT2');
  assert.ok(!high.reached);
  assert.match(high.reason, /every entry in the importance tier it takes only 28\.1 %/);
  const format = find(at15, 'llama.cpp q8_0');
  assert.ok(!format.reached);
  assert.match(format.reason, /it takes 53\.1 %/);
  const refused = find(armsAt(shapeOf(80, 1_000), 0.9), 'llama.cpp q8_0');
  assert.ok(!refused.reached);
  assert.match(refused.reason, /blocks of 32 do not divide/);
  const eviction = find(armsAt(shapeOf(64, 10), 0.05), 'Eviction');
  assert.ok(!eviction.reached);
  assert.match(eviction.reason, /one entry per KV head takes 10\.0 %/);
});

test('at a quarter of the bytes no 4-bit format is an arm, at a third the smallest is', () => {
  const titles = (fraction: number): string[] =>
    armsAt(shapeOf(128, 1_000), fraction)
      .filter((arm): arm is ReachedArm => arm.reached && arm.setting.kind === 'format')
      .map(({ title }) => title);
  // KIVI is above: it keeps 104 of 1,000 keys and 128 values in 16 bits.
  assert.deepEqual(titles(0.25), [
    'MLX 3 bits (group 64)',
    'Transformers quanto 2 bits (group 64)',
    'MLX 2 bits (group 64)',
  ]);
  assert.ok(titles(1 / 3).includes('llama.cpp q4_0') && !titles(1 / 3).includes('llama.cpp q8_0'));
});

test('every arm that is reached is within the budget, and one more token would not be', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 700 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.constantFrom(64, 128),
      fc.constantFrom<ByteCount>('payload', 'total'),
      fc.constantFrom<(number | null)[][]>([null], [null, null], [null, 64, 64]),
      (seqLen, fraction, headDim, count, windows) => {
        const shape = shapeOf(headDim, seqLen, windows);
        const full = countBytes(fullCacheBytes(shape), count);
        const budget = budgetBytes({ kind: 'fraction', fraction }, full);
        const compressed = windows.filter((window) => window === null).length;
        const perHead = 3 * compressed;
        for (const arm of armsAt(shape, fraction, count)) {
          if (!arm.reached) continue;
          const size = countBytes(arm.bytes, count);
          assert.ok(size <= budget);
          assert.equal(arm.fraction, size / full);
          if (arm.setting.kind === 'eviction') {
            const { keptTokens, ratio } = arm.setting;
            assert.equal(keptCount(seqLen, ratio).keptTokens, keptTokens);
            const entry = 4 * headDim + (count === 'total' ? 4 : 0);
            assert.ok(keptTokens === seqLen || size + perHead * entry > budget);
          } else if (arm.setting.kind === 'mikv') {
            const { importance, retained } = arm.setting.precision;
            const bits = (stored: number): number => (stored === 16 ? 16 : stored + 64 / headDim);
            const each = (2 * headDim * (bits(importance) - bits(retained))) / 8 + (count === 'total' ? 8 : 0);
            assert.ok(arm.setting.importantTokens === seqLen || size + perHead * each > budget);
          }
        }
      },
    ),
  );
});

test('the bytes of an arm are those of the cache that its setting makes', () => {
  const layers = [randomLayer(50, 1, 64), randomLayer(50, 2, 64)];
  const shape = { kvHeads: 2, headDim: 64, seqLen: 50, windows: [null, null] };
  const budget = 0.6 * countBytes(fullCacheBytes(shape), 'payload');
  const precisions = [parseMikvPrecision({ importance: 16, retained: 4, balancer: false })];
  const formats = [parseCacheFormat('llamacpp'), parseCacheFormat('mlx')];
  const arms = equalBytesArms(shape, budget, { precisions, formats });
  assert.ok(arms.every(({ reached }) => reached));
  for (const { setting, bytes } of arms as ReachedArm[]) {
    if (setting.kind === 'eviction') {
      assert.equal(compress(layers, parsePolicy('knorm'), setting.ratio).bytes, bytes.exact);
    } else if (setting.kind === 'mikv') {
      const tier = new KeptSet(2, 2, 50);
      for (let layer = 0; layer < 2; layer++)
        for (let head = 0; head < 2; head++)
          for (let position = 0; position < setting.importantTokens; position++) tier.add(layer, head, position);
      assert.deepEqual(mikvCache(layers, tier, setting.precision).bytes, bytes);
    } else {
      assert.deepEqual(quantiseCache(layers, setting.format).bytes, bytes);
    }
  }
});

test('the full cache is reached at all of its bytes', () => {
  const arms = armsAt(shapeOf(64, 200), 1);
  const eviction = find(arms, 'Eviction');
  assert.ok(eviction.reached && eviction.setting.kind === 'eviction');
  assert.deepEqual([eviction.setting.ratio, eviction.fraction], [0, 1]);
  assert.equal(importanceRatio(arms, 'MiKV FP16/INT2'), 1);
  assert.equal(quantiseCache([noiseLayer(5, 64, 1)], parseCacheFormat('fp16')).bytes.exact, 2 * 5 * 64 * 4);
});
