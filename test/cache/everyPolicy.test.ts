import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compress, type Compression } from '../../src/cache/compress.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import { unionOfNeeds, type LayerObservation } from '../../src/cache/layerObservation.ts';
import { policyFamilies, wrapperFamilies } from '../../src/cache/policies/index.ts';
import { protectionOf, type Policy } from '../../src/cache/policies/policy.ts';
import { keptCount } from '../../src/cache/selection.ts';
import { randomLayer } from '../support/layers.ts';
import { everyPolicy, everyWrapped, nameOf } from '../support/policyList.ts';

const all = [...everyPolicy, ...everyWrapped];
const layersOf = (seqLen: number, seed: number): LayerObservation[] => [
  randomLayer(seqLen, seed),
  randomLayer(seqLen, seed + 9),
];
const cells = {
  seqLen: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat(1e6),
  ratio: fc.double({ min: 0.01, max: 0.95, noNaN: true }),
};

/** Whether any part of an expression has one of these names. */
const names = (policy: Policy, ...wanted: string[]): boolean =>
  (policy.id.match(/[\w-]+/g) ?? []).some((name) => wanted.includes(name));

/** Policies whose number of entries the ratio alone does not give. */
const ownCount = [
  'pyramid',
  'simlayer',
  'think',
  'kvzip',
  'kvcompose',
  'per-layer',
  'dms',
  'chunkkv',
  'chunk',
  'composed',
];
const perHead = ['adakv', 'critical-adakv'];

/** Calls `check` for a few random prefixes and ratios with every policy. */
function forEvery(
  policies: readonly Policy[],
  runs: number,
  check: (policy: Policy, cell: { seqLen: number; seed: number; ratio: number }) => void,
): void {
  for (const policy of policies) {
    fc.assert(
      fc.property(fc.record(cells), (cell) => {
        check(policy, cell);
      }),
      {
        numRuns: runs,
        // Ties by rounding would make other seeds fail now and then.
        seed: 7,
        examples: [
          [{ seqLen: 1, seed: 1, ratio: 0.9 }],
          [{ seqLen: 4, seed: 2, ratio: 0.9 }],
          [{ seqLen: 33, seed: 3, ratio: 0.5 }],
        ],
      },
    );
  }
}

const rowsOf = ({ kept }: Compression): Int32Array[] =>
  Array.from({ length: kept.layers * kept.kvHeads }, (_, row) =>
    kept.positions(Math.floor(row / kept.kvHeads), row % kept.kvHeads),
  );

test('every wrapper wraps several policies', () => {
  for (const { id } of wrapperFamilies) {
    const wrapped = everyWrapped.filter((policy) => nameOf(policy) === id);
    assert.ok(wrapped.length >= 6, `${id} wraps only ${wrapped.map((policy) => policy.id).join(', ')}`);
  }
  assert.equal(everyPolicy.length, policyFamilies.length);
});

test('each row keeps exactly the budget, unless the policy divides budgets itself', () => {
  forEvery(
    all.filter((policy) => !names(policy, ...ownCount)),
    6,
    (policy, { seqLen, seed, ratio }) => {
      const compression = compress(layersOf(seqLen, seed), policy, ratio);
      const { keptTokens } = keptCount(seqLen, ratio);
      assert.equal(compression.keptTokens, keptTokens, policy.id);
      const rows = rowsOf(compression);
      if (names(policy, ...perHead))
        for (const layer of [0, 1])
          assert.equal(rows[2 * layer]!.length + rows[2 * layer + 1]!.length, 2 * keptTokens, policy.id);
      else for (const row of rows) assert.equal(row.length, keptTokens, policy.id);
    },
  );
});

test('kept positions ascend within the prefix, bytes are those of the kept entries, and no row is invented', () => {
  forEvery(all, 5, (policy, { seqLen, seed, ratio }) => {
    const compression = compress(layersOf(seqLen, seed), policy, ratio);
    let entries = 0;
    for (const row of rowsOf(compression)) {
      entries += row.length;
      assert.deepEqual(
        [...row],
        [...new Set(row)].sort((a, b) => a - b),
      );
      for (const position of row) assert.ok(position >= 0 && position < seqLen);
    }
    assert.equal(compression.keptTokens, Math.round(entries / 4));
    const bytesOfEntries = entries * 4 * 2 * 2;
    if (names(policy, 'think')) assert.ok(compression.bytes <= bytesOfEntries);
    else assert.equal(compression.bytes, bytesOfEntries, policy.id);
  });
});

test('ratio 0 keeps every entry, changes nothing and asks no policy', () => {
  for (const policy of all) {
    const unasked = { ...policy, score: () => assert.fail('scored') };
    const { kept, bytes, fullBytes, notes, keyValues, nextPosition } = compress(layersOf(13, 1), unasked, 0);
    assert.deepEqual(kept, KeptSet.full(2, 2, 13));
    assert.deepEqual([bytes, notes, keyValues, nextPosition], [fullBytes, [], undefined, 13]);
  }
});

test('no evicted entry outranks a kept one of its row, unless heads, layers or chunks compete', () => {
  const plain = all.filter(
    (policy) => policy.selection === undefined && policy.pools === undefined && policy.budgets === undefined,
  );
  forEvery(plain, 5, (policy, { seqLen, seed, ratio }) => {
    const layers = layersOf(seqLen, seed);
    const compression = compress(layers, policy, ratio);
    const { sinks, window } = protectionOf(policy, seqLen);
    const guarded = new Set([...sinks, ...window]);
    const { keptTokens } = keptCount(seqLen, ratio);
    for (const [index, layer] of layers.entries()) {
      const scores = policy.score(layer, { keptTokens, ratio, layer: index, layers: 2 });
      for (const head of [0, 1]) {
        const row = scores.subarray(head * seqLen, (head + 1) * seqLen);
        const isKept = (position: number): boolean => compression.kept.has(index, head, position);
        const open = Array.from(row.keys()).filter((position) => !guarded.has(position));
        const worstKept = Math.min(...open.filter(isKept).map((position) => row[position]!));
        const bestGone = Math.max(...open.filter((position) => !isKept(position)).map((position) => row[position]!));
        assert.ok(worstKept >= bestGone, `${policy.id}: ${worstKept} stays and ${bestGone} goes`);
      }
    }
  });
});

test('protected positions are kept wherever the budget has room for them', () => {
  forEvery(all, 5, (policy, { seqLen, seed, ratio }) => {
    const { sinks, window } = protectionOf(policy, seqLen);
    const guarded = new Set([...sinks, ...window]);
    const compression = compress(layersOf(seqLen, seed), policy, ratio);
    // Whole chunks may leave protected positions out; parts of a prefix have their own room.
    if (names(policy, 'chunkkv', 'chunk')) return;
    for (const row of rowsOf(compression)) {
      if (guarded.size > Math.min(row.length, keptCount(seqLen, ratio).keptTokens)) continue;
      for (const position of guarded) assert.ok(row.includes(position), `${policy.id} evicts ${position}`);
    }
  });
});

test('a whitelist is kept in every row, within the same number of entries', () => {
  // Whole chunks count chunks; budgets that differ by layer or part may be too small for it.
  const uniform = all.filter(
    (policy) => !names(policy, 'chunkkv', 'chunk', 'kvcompose', 'pyramid', 'per-layer', 'simlayer'),
  );
  forEvery(uniform, 10, (policy, { seqLen, seed, ratio }) => {
    if (keptCount(seqLen, ratio).keptTokens < 4) return;
    const whitelist = [Math.floor(seqLen / 2), Math.floor(seqLen / 2) + 1];
    const layers = layersOf(seqLen, seed);
    const rows = rowsOf(compress(layers, policy, ratio, { whitelist }));
    for (const row of rows) for (const position of whitelist) assert.ok(row.includes(position), policy.id);
    const total = (each: readonly Int32Array[]): number => each.reduce((sum, row) => sum + row.length, 0);
    if (!names(policy, 'dms')) assert.equal(total(rows), total(rowsOf(compress(layers, policy, ratio))), policy.id);
  });
});

test('a larger ratio keeps a subset where the score does not depend on the ratio', () => {
  const dependent = ['compactor', 'criticalkv', 'critical-adakv', 'block', 'composed', 'adakv', 'streaming-llm'];
  const fixed = all.filter(
    (policy) =>
      policy.budgets === undefined &&
      policy.pools === undefined &&
      (policy.id === 'streaming-llm' || !names(policy, ...dependent)),
  );
  assert.ok(fixed.length > 30);
  forEvery(fixed, 4, (policy, { seqLen, seed, ratio }) => {
    const layers = layersOf(seqLen, seed);
    const more = rowsOf(compress(layers, policy, ratio / 2));
    for (const [index, row] of rowsOf(compress(layers, policy, ratio)).entries())
      for (const position of row) assert.ok(more[index]!.includes(position), `${policy.id} at ${ratio}`);
  });
});

/** The same layer with its KV heads, and their groups of query heads, in the other order. */
function swapped(layer: LayerObservation): LayerObservation {
  const half = (vectors: Float32Array): Float32Array => {
    const middle = vectors.length / 2;
    const other = new Float32Array(vectors.length);
    other.set(vectors.subarray(middle));
    other.set(vectors.subarray(0, middle), middle);
    return other;
  };
  const columns = layer.queryHeads * layer.headDim;
  return {
    ...layer,
    keys: half(layer.keys),
    values: half(layer.values),
    columnSums: (rows) => half(layer.columnSums(rows)),
    queries: () => half(layer.queries()),
    secondPass: (pass) => half(layer.secondPass(pass)),
    outputWeight() {
      const weight = layer.outputWeight();
      const other = weight.slice();
      for (let row = 0; row < weight.length; row += columns) other.set(half(weight.subarray(row, row + columns)), row);
      return other;
    },
  };
}

test('KV heads are treated alike: in another order they keep the same', () => {
  // Random numbers belong to a head's place; positions and ranks tie between heads, and the first head wins.
  const alike = all.filter(
    (policy) =>
      !names(policy, 'random', 'leverage', 'compactor', 'cam', 'streaming-llm', 'simlayer') &&
      !(names(policy, 'lagkv') && names(policy, 'adakv', 'critical-adakv')),
  );
  assert.ok(alike.length > 100);
  forEvery(alike, 6, (policy, { seqLen, seed, ratio }) => {
    const layers = layersOf(seqLen, seed);
    const [a, b, c, d] = rowsOf(compress(layers, policy, ratio)) as [Int32Array, Int32Array, Int32Array, Int32Array];
    const other = rowsOf(compress(layers.map(swapped), policy, ratio));
    assert.deepEqual(other, [b, a, d, c], policy.id);
  });
});

test('larger keys or values do not change what scale-free policies keep', () => {
  const scaled = (layer: LayerObservation, keys: number, values: number): LayerObservation => ({
    ...layer,
    keys: layer.keys.map((value) => value * keys),
    values: layer.values.map((value) => value * values),
  });
  for (const [id, keys, values] of [
    ['keydiff', 4, 1],
    ['lagkv', 4, 2],
    ['cur', 4, 2],
    ['knorm', 4, 1],
    ['leverage', 1, 8],
    ['noncausal', 1, 4],
    ['expected-attention', 1, 4],
  ] as const) {
    const policy = everyPolicy.find((each) => nameOf(each) === id)!;
    for (const seed of [1, 2, 3]) {
      const layers = layersOf(36, seed);
      const before = compress(layers, policy, 0.5).kept;
      assert.deepEqual(
        compress(
          layers.map((layer) => scaled(layer, keys, values)),
          policy,
          0.5,
        ).kept,
        before,
        id,
      );
    }
  }
});

test('a policy reads nothing that it did not ask for', () => {
  for (const policy of all) {
    const layers = layersOf(33, 5).map((layer): LayerObservation => {
      const needs = unionOfNeeds([policy.needs(33)]);
      const refuse = (): never => assert.fail(`${policy.id} reads what it did not ask for`);
      const asked = new Set(needs.rowGroups.map((rows) => JSON.stringify(rows)));
      const passes = new Set(needs.secondPasses.map((pass) => JSON.stringify(pass)));
      return {
        ...layer,
        columnSums: (rows) => (asked.has(JSON.stringify(rows)) ? layer.columnSums(rows) : refuse()),
        queries: needs.queries ? () => layer.queries() : refuse,
        rotary: needs.rotary ? () => layer.rotary() : refuse,
        outputWeight: needs.outputWeight ? () => layer.outputWeight() : refuse,
        secondPass: (pass) => (passes.has(JSON.stringify(pass)) ? layer.secondPass(pass) : refuse()),
      };
    });
    compress(layers, policy, 0.5);
  }
});

test('only policies that say so change keys and values, and changed numbers are finite', () => {
  for (const policy of all) {
    const layers = layersOf(30, 8);
    const { keyValues, nextPosition, kept } = compress(layers, policy, 0.5);
    assert.equal(keyValues !== undefined, names(policy, 'think', 'merging', 'cam', 'rerotate'), policy.id);
    assert.equal(nextPosition, names(policy, 'rerotate') ? kept.countKept(0, 0) : 30, policy.id);
    for (const vectors of [...(keyValues?.keys ?? []), ...(keyValues?.values ?? [])])
      assert.ok(vectors.every(Number.isFinite), policy.id);
  }
});
