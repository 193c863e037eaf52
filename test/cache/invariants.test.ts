/** Properties that hold between what different policies, ratios and protections keep, and closed forms of their sizes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compress, type Compression } from '../../src/cache/compress.ts';
import type { LayerObservation } from '../../src/cache/layerObservation.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { protectionOf, type Policy } from '../../src/cache/policies/policy.ts';
import { pyramidBudgets } from '../../src/cache/policies/pyramid.ts';
import type { Protections } from '../../src/cache/protection.ts';
import { keptCount } from '../../src/cache/selection.ts';
import { randomLayer } from '../support/layers.ts';
import { budget } from '../support/policyCases.ts';
import { everyPolicy, everyWrapped } from '../support/policyList.ts';

const all = [...everyPolicy, ...everyWrapped];
/** Scores decide, each head for itself, in one budget. */
const plain = all.filter(
  (policy) => policy.selection === undefined && policy.pools === undefined && policy.budgets === undefined,
);
const names = (policy: Policy, ...wanted: string[]): boolean =>
  (policy.id.match(/[\w-]+/g) ?? []).some((name) => wanted.includes(name));
const layersOf = (seqLen: number, seed: number): LayerObservation[] => [
  randomLayer(seqLen, seed),
  randomLayer(seqLen, seed + 9),
];

const cells = fc.record({
  seqLen: fc.integer({ min: 6, max: 36 }),
  seed: fc.nat(1e6),
  ratio: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
  picks: fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 5 }),
});
type Cell = typeof cells extends fc.Arbitrary<infer T> ? T : never;

function forEvery(policies: readonly Policy[], check: (policy: Policy, cell: Cell) => void): void {
  for (const policy of policies)
    fc.assert(
      fc.property(cells, (cell) => {
        check(policy, cell);
      }),
      { numRuns: 5, seed: 11 },
    );
}

/** The highest of one row of scores outside what is protected, by a full sort; of equal ones the lower position. */
function bruteForce(scores: Float32Array, kept: number, first: readonly number[], then: ReadonlySet<number>): number[] {
  const rest = Array.from(scores.keys()).filter((position) => !first.includes(position));
  const rank = (position: number): number => (then.has(position) ? Infinity : scores[position]!);
  const ordered = rest.sort((a, b) => (rank(b) > rank(a) ? 1 : rank(b) < rank(a) ? -1 : a - b));
  return [...first, ...ordered.slice(0, Math.max(0, kept - first.length))].sort((a, b) => a - b);
}

function assertProtected(policy: Policy, cell: Cell, protections: Protections, first: number[], extra: number[]): void {
  const { seqLen, seed, ratio } = cell;
  const { keptTokens } = keptCount(seqLen, ratio);
  const own = protectionOf(policy, seqLen);
  const guarded = new Set([...own.sinks, ...own.window, ...extra]);
  // Which of several protected positions stay in a budget that is too small for them is tested with the selection.
  if (new Set([...first, ...guarded]).size > keptTokens || keptTokens === seqLen) return;
  const layers = layersOf(seqLen, seed);
  const { kept } = compress(layers, policy, ratio, protections);
  for (const [index, layer] of layers.entries()) {
    const scores = policy.score(layer, { keptTokens, ratio, layer: index, layers: 2 });
    for (const head of [0, 1]) {
      const row = scores.subarray(head * seqLen, (head + 1) * seqLen);
      assert.deepEqual([...kept.positions(index, head)], bruteForce(row, keptTokens, first, guarded), policy.id);
    }
  }
}

test('a whitelist takes its places first, and the best of the others the rest: by a full sort', () => {
  forEvery(plain, (policy, cell) => {
    const whitelist = [...new Set(cell.picks.map((pick) => Math.floor(pick * cell.seqLen)))];
    assertProtected(policy, cell, { whitelist }, whitelist, []);
  });
});

test('a reservation is a protection like those that policies have: by a full sort', () => {
  forEvery(plain, (policy, cell) => {
    const [sinks, recent] = [cell.picks.length, 2];
    const reserved = [...Array(sinks).keys(), cell.seqLen - 2, cell.seqLen - 1].filter((at) => at < cell.seqLen);
    assertProtected(policy, cell, { reserve: { sinks, recent } }, [], reserved);
  });
});

const sameKept = (a: Compression, b: Compression, what: string): void => {
  assert.deepEqual(a.kept.bits, b.kept.bits, what);
};

test('protecting what stays anyway changes nothing', () => {
  // Chunks and heads share budgets in which a protected entry is counted before scores are compared.
  forEvery(plain, (policy, { seqLen, seed, ratio }) => {
    const layers = layersOf(seqLen, seed);
    const before = compress(layers, policy, ratio);
    const common = [...Array(seqLen).keys()].filter((position) =>
      [0, 1].every((layer) => [0, 1].every((head) => before.kept.has(layer, head, position))),
    );
    sameKept(compress(layers, policy, ratio, { whitelist: common.slice(0, 4) }), before, policy.id);
  });
});

test('at ratio 0 protections change nothing', () => {
  const layers = layersOf(20, 4);
  const spans = [
    { start: 2, end: 9 },
    { start: 9, end: 18 },
  ];
  for (const policy of all)
    for (const protections of [{ whitelist: [3, 4] }, { fair: { spans } }, { reserve: { sinks: 2, recent: 2 } }]) {
      const { kept, bytes, fullBytes } = compress(layers, policy, 0, protections);
      assert.deepEqual([kept.countKept(), bytes], [80, fullBytes], policy.id);
    }
});

test('fair eviction over one span that is the whole prompt is the policy itself', () => {
  for (const id of ['knorm', 'h2o', 'tova', 'snapkv(window=4)', 'random', 'keydiff', 'adakv(h2o)', 'merging(knorm)'])
    for (const seed of [1, 2, 3]) {
      const layers = layersOf(30, seed);
      const fair = { spans: [{ start: 0, end: 30 }] };
      const [own, shared] = [undefined, fair].map((each) =>
        compress(layers, parsePolicy(id), 0.6, each === undefined ? {} : { fair: each }),
      );
      sameKept(shared!, own!, id);
    }
});

test('fair eviction keeps in each span the best of that span, by a full sort of the scores that compete there', () => {
  const spans = [
    { start: 0, end: 11 },
    { start: 11, end: 24 },
  ];
  let compared = 0;
  for (const policy of plain.filter((each) => each.fair !== undefined && each.transform === undefined)) {
    const extended = spans.map((span) => ({ ...span, own: span }));
    const { policy: form, shares } = policy.fair!(extended);
    if (shares === 'global') continue;
    compared++;
    const layer = randomLayer(24, 6);
    const { kept } = compress([layer], policy, 0.5, { fair: { spans } });
    const scores = form.score(layer, budget(12));
    const own = protectionOf(form, 24);
    const guarded = new Set([...own.sinks, ...own.window]);
    for (const head of [0, 1]) {
      const row = scores.subarray(head * 24, (head + 1) * 24);
      const expected = spans.flatMap(({ start, end }) => {
        const share = Math.floor((12 * end) / 24) - Math.floor((12 * start) / 24);
        const inSpan = new Set([...guarded].map((at) => at - start).filter((at) => at >= 0 && at < end - start));
        return bruteForce(row.subarray(start, end), share, [], inSpan).map((at) => at + start);
      });
      assert.deepEqual([...kept.positions(0, head)], expected, policy.id);
    }
  }
  assert.ok(compared >= 5, `${compared} policies have scores of their own for spans`);
});

test('where heads compete the share that goes is the ratio all the same', () => {
  const competing = all.filter(
    (policy) =>
      names(policy, 'adakv', 'critical-adakv', 'kvzip') &&
      !names(policy, 'chunk', 'chunkkv', 'think', 'simlayer', 'pyramid', 'per-layer', 'composed', 'dms'),
  );
  assert.ok(competing.length > 20);
  for (const policy of competing)
    for (const ratio of [0.25, 0.5, 0.8]) {
      const { kept } = compress([randomLayer(100, 1, 2), randomLayer(100, 2, 2)], policy, ratio);
      const gone = 1 - kept.countKept() / 400;
      assert.ok(Math.abs(gone - ratio) < 0.011, `${policy.id}: ${gone} of ${ratio}`);
    }
});

test('a threshold reports the share that it keeps', () => {
  for (const threshold of [-1.4, -1.1, -0.8]) {
    const { kept, bytes, fullBytes, keptTokens } = compress(
      layersOf(60, 2),
      parsePolicy(`dms(knorm,threshold=${threshold},window=5)`),
      0.5,
    );
    assert.equal(bytes / fullBytes, kept.countKept() / 240);
    assert.equal(keptTokens, Math.round(kept.countKept() / 4));
  }
});

test('budgets of PyramidKV have the mean that the ratio asks for, wherever they differ by layer', () => {
  let active = 0;
  for (const layers of [32, 64, 128])
    for (const seqLen of [1024, 2048, 4096, 8192])
      for (const ratio of [0.1, 0.25, 0.3, 0.5, 0.6, 0.75, 0.8]) {
        const budgets = pyramidBudgets({ seqLen, ratio, layers, window: 64, beta: 20 });
        if (new Set(budgets).size === 1) continue;
        active++;
        const mean = budgets.reduce((sum, count) => sum + count, 0) / layers;
        const asked = seqLen * (1 - ratio);
        assert.ok(Math.abs(mean / asked - 1) < 1e-3, `S ${seqLen}, r ${ratio}, L ${layers}: ${mean} of ${asked}`);
        assert.deepEqual(
          budgets,
          [...budgets].sort((a, b) => b - a),
        );
      }
  assert.ok(active > 50, `${active} budgets differ by layer`);
});
