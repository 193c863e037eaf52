import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compress } from '../../src/cache/compress.ts';
import { extended, fairPools, type InstructionSpan } from '../../src/cache/fairEviction.ts';
import type { LayerObservation } from '../../src/cache/layerObservation.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import type { FairSpan, Policy } from '../../src/cache/policies/policy.ts';
import { quotas } from '../../src/cache/quotas.ts';
import { roundHalfEven } from '../../src/cache/roundHalfEven.ts';
import { HoldfastError } from '../../src/errors.ts';
import { layerFromAttention, randomLayer } from '../support/layers.ts';
import { budget } from '../support/policyCases.ts';
import { everyPolicy, everyWrapped, nameOf } from '../support/policyList.ts';

/** Random prefixes with random disjoint spans. */
const prefixes = fc
  .record({
    seqLen: fc.integer({ min: 6, max: 60 }),
    cuts: fc.uniqueArray(fc.nat(1000), { minLength: 2, maxLength: 10 }),
  })
  .map(({ seqLen, cuts }) => {
    const places = [...new Set(cuts.map((cut) => cut % (seqLen + 1)))].sort((a, b) => a - b);
    const spans: InstructionSpan[] = [];
    for (let index = 0; index + 1 < places.length; index += 2)
      spans.push({ start: places[index]!, end: places[index + 1]! });
    return { seqLen, spans: spans.length > 0 ? spans : [{ start: 0, end: seqLen }] };
  });

test('shares of two spans are those of the published code', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 4000 }), fc.nat(), fc.nat(), (seqLen, cut, n) => {
      const boundary = 1 + (cut % (seqLen - 1));
      const kept = n % (seqLen + 1);
      const earlier = Math.floor((kept * boundary) / seqLen);
      const share = (length: number) => ({ length, minimum: 0, weight: 1 });
      assert.deepEqual(quotas(kept, [share(boundary), share(seqLen - boundary)]), [earlier, kept - earlier]);
    }),
  );
});

test('shares add up to the budget, stay within lengths and minimums, and of equal weights differ by less than one entry', () => {
  const shares = fc.array(
    fc.record({ length: fc.nat(50), floor: fc.nat(50), weight: fc.constantFrom(0.25, 1, 1, 3) }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(shares, fc.nat(), (given, n) => {
      const all = given.map(({ length, floor, weight }) => ({ length, minimum: floor % (length + 1), weight }));
      const lowest = all.reduce((sum, { minimum }) => sum + minimum, 0);
      const total = lowest + (n % (all.reduce((sum, { length }) => sum + length, 0) - lowest + 1));
      const result = quotas(total, all);
      assert.equal(
        result.reduce((sum, quota) => sum + quota, 0),
        total,
      );
      for (const [index, { length, minimum }] of all.entries())
        assert.ok(result[index]! >= minimum && result[index]! <= length);
      const free = [...all.keys()].filter(
        (index) =>
          all[index]!.weight === 1 && result[index]! > all[index]!.minimum && result[index]! < all[index]!.length,
      );
      for (const a of free)
        for (const b of free) {
          const gap = result[a]! / all[a]!.length - result[b]! / all[b]!.length;
          assert.ok(Math.abs(gap) < 1 / all[a]!.length + 1 / all[b]!.length, `${gap}`);
        }
    }),
  );
});

test('what lies between spans belongs to the one before, what comes first to the first', () => {
  assert.deepEqual(
    extended(
      [
        { start: 3, end: 5 },
        { start: 8, end: 9 },
      ],
      12,
    ).map(({ start, end }) => [start, end]),
    [
      [0, 8],
      [8, 12],
    ],
  );
});

test('must-hold spans get all of their entries first, and whitelisted entries count in the share of their span', () => {
  const ranges = [
    { start: 0, end: 10 },
    { start: 10, end: 20 },
    { start: 20, end: 40 },
  ];
  const kept = (spans: InstructionSpan[], n: number, whitelist: number[] = []): number[] =>
    fairPools({ spans }, ranges, n, whitelist).map(({ keptTokens }) => keptTokens);
  assert.deepEqual(kept(ranges, 20), [5, 5, 10]);
  assert.deepEqual(kept([ranges[0]!, { ...ranges[1]!, mustHold: true }, ranges[2]!], 19), [3, 10, 6]);
  assert.deepEqual(kept([ranges[0]!, { ...ranges[1]!, mustHold: true }, ranges[2]!], 8, [0, 1]), [2, 6, 0]);
  assert.deepEqual(kept([{ ...ranges[0]!, weight: 3 }, ranges[1]!, ranges[2]!], 12), [6, 2, 4]);
  assert.deepEqual(kept(ranges, 8, [0, 1, 2, 3]), [4, 1, 3]);
});

test('under every policy and wrapper each span keeps its share in each row, and whitelisted positions stay', () => {
  const uniform = [...everyPolicy, ...everyWrapped].filter(
    (policy) => policy.selection === undefined && policy.budgets === undefined && !policy.id.includes('streaming-llm'),
  );
  assert.ok(uniform.length > 60);
  for (const policy of uniform) {
    fc.assert(
      fc.property(prefixes, fc.double({ min: 0.1, max: 0.9, noNaN: true }), ({ seqLen, spans }, ratio) => {
        const n = Math.max(1, Math.trunc(seqLen * (1 - ratio)));
        const whitelist = n > 2 ? [seqLen - 1, 0] : [];
        const { kept } = compress([randomLayer(seqLen, 3)], policy, ratio, { whitelist, fair: { spans } });
        for (const pool of fairPools({ spans }, extended(spans, seqLen), n, whitelist))
          for (const head of [0, 1]) {
            const inside = kept.positions(0, head).filter((position) => position >= pool.start && position < pool.end);
            assert.equal(inside.length, pool.keptTokens, policy.id);
          }
        for (const position of whitelist) assert.ok(kept.has(0, 0, position) && kept.has(0, 1, position), policy.id);
      }),
      { numRuns: 6, seed: 3 },
    );
  }
});

test('AdaKV shares the entries of each span between heads', () => {
  const spans = [
    { start: 2, end: 20 },
    { start: 20, end: 38 },
  ];
  const { kept, notes } = compress([randomLayer(40, 2)], parsePolicy('adakv(snapkv(window=4))'), 0.5, {
    fair: { spans },
  });
  const inside = (start: number, end: number): number =>
    [0, 1].reduce((sum, head) => sum + kept.positions(0, head).filter((at) => at >= start && at < end).length, 0);
  assert.deepEqual([inside(0, 20), inside(20, 40)], [20, 20]);
  assert.deepEqual(notes, []);
});

/** The two spans of the paper's example: 5 of header and 95 of defense, 59 of directive and 1 of template. */
const example = {
  seqLen: 160,
  spans: [
    { start: 5, end: 100 },
    { start: 100, end: 159 },
  ],
};

test('fair StreamingLLM keeps the sinks and the tail of each span', () => {
  const { kept } = compress([randomLayer(160, 1)], parsePolicy('streaming-llm'), 0.9, {
    fair: { spans: example.spans },
  });
  assert.deepEqual([...kept.positions(0, 1)], [0, 1, 2, 3, 93, 94, 95, 96, 97, 98, 99, 156, 157, 158, 159]);
});

test('lambda moves StreamingLLM from its default to equal shares by the published rule', () => {
  const keep = (ratio: number, lambda: number): number[] => [
    ...compress([randomLayer(160, 1)], parsePolicy('streaming-llm'), ratio, {
      fair: { spans: example.spans, lambda },
    }).kept.positions(0, 0),
  ];
  for (const ratio of [0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
    for (const lambda of [0, 0.25, 0.5, 0.75, 1]) {
      const n = Math.trunc(160 * (1 - ratio)) - 4;
      const fair = Math.floor((n * 96) / 156);
      const byDefault = n - Math.min(60, n);
      const earlier = roundHalfEven(lambda * fair + (1 - lambda) * byDefault);
      const inEarlier = keep(ratio, lambda).filter((position) => position < 100);
      assert.equal(inEarlier.length, n < 0 ? Math.trunc(160 * (1 - ratio)) : 4 + earlier, `${ratio}, ${lambda}`);
    }
  const plain = compress([randomLayer(160, 1)], parsePolicy('streaming-llm'), 0.6).kept;
  assert.deepEqual(keep(0.6, 0), [...plain.positions(0, 0)]);
});

test('lambda is refused for other policies', () => {
  for (const id of ['snapkv', 'tova', 'h2o', 'knorm', 'keydiff', 'adakv(snapkv)'])
    assert.throws(
      () => compress([randomLayer(160, 1)], parsePolicy(id), 0.5, { fair: { spans: example.spans, lambda: 0.5 } }),
      (error) =>
        error instanceof HoldfastError &&
        error.code === 'invalid-settings' &&
        (error.hint ?? '').includes('StreamingLLM'),
    );
});

const spansOf = (seqLen: number, ...cuts: number[]): FairSpan[] => {
  const ends = [...cuts, seqLen];
  return ends.map((end, index) => ({
    start: index === 0 ? 0 : ends[index - 1]!,
    end,
    own: { start: ends[index - 1] ?? 0, end },
  }));
};
const fairForm = (policy: Policy, spans: readonly FairSpan[]): Policy => policy.fair!(spans).policy;

/** Attention probabilities of a layer, [heads, S, S], from sums over single rows. */
const attentionOf = (layer: LayerObservation): number[][][] =>
  Array.from({ length: 4 }, (_, head) =>
    Array.from({ length: layer.seqLen }, (__, row) => [
      ...layer.columnSums({ start: row, end: row + 1 }).subarray(head * layer.seqLen, (head + 1) * layer.seqLen),
    ]),
  );

test('fair TOVA scores each span by its own last token, fair H2O counts only rows of the same span', () => {
  const layer = randomLayer(15, 6);
  const spans = spansOf(15, 6, 11);
  const attention = attentionOf(layer);
  const anchor = [5, 10, 14];
  const spanOf = (position: number): number => spans.findIndex(({ end }) => position < end);
  const tova = fairForm(parsePolicy('tova'), spans).score(layer, budget(5));
  const h2o = fairForm(parsePolicy('h2o'), spans).score(layer, budget(5));
  for (let position = 0; position < 15; position++) {
    const span = spanOf(position);
    const mean = attention.reduce((sum, head) => sum + head[anchor[span]!]![position]!, 0) / 4;
    for (const head of [0, 1]) {
      assert.ok(Math.abs(tova[head * 15 + position]! - mean) < 1e-6);
      let sum = 0;
      for (const query of [2 * head, 2 * head + 1])
        for (let row = spans[span]!.start; row < spans[span]!.end; row++) sum += attention[query]![row]![position]!;
      const expected = sum / 2 / (spans[span]!.end - position);
      assert.ok(Math.abs(h2o[head * 15 + position]! - expected) < 1e-6, `${position}`);
    }
  }
  assert.deepEqual(fairForm(parsePolicy('tova'), spans).protect!(15).window, anchor);
});

test('fair H2O lets the template after the last span count for all, as the published mask does', () => {
  const layer = randomLayer(12, 6);
  const spans: FairSpan[] = [
    { start: 0, end: 6, own: { start: 1, end: 6 } },
    { start: 6, end: 12, own: { start: 6, end: 10 } },
  ];
  const attention = attentionOf(layer);
  const scores = fairForm(parsePolicy('h2o'), spans).score(layer, budget(5));
  for (let position = 0; position < 12; position++) {
    let sum = 0;
    for (const query of [0, 1])
      for (let row = position; row < 12; row++)
        if (!(position < 6 && row >= 6 && row < 10)) sum += attention[query]![row]![position]!;
    const expected = sum / 2 / ((position < 6 ? 6 : 12) - position);
    assert.ok(Math.abs(scores[position]! - expected) < 1e-6, `${position}`);
  }
});

test('fair SnapKV gives each span a window of its own, which votes on that span only', () => {
  const seqLen = 30;
  // Every row pays 1 to key 0 of its span's beginning: windows see nothing of the other span.
  const attention = new Float32Array(4 * seqLen * seqLen);
  for (let head = 0; head < 4; head++)
    for (let row = 0; row < seqLen; row++) attention[(head * seqLen + row) * seqLen + (row < 14 ? 2 : 3)] = 1;
  const layer = layerFromAttention(
    { seqLen, queryHeads: 4, kvHeads: 2, headDim: 2 },
    new Float32Array(120),
    new Float32Array(120),
    attention,
  );
  const policy = fairForm(parsePolicy('snapkv(window=8,kernel=1)'), spansOf(seqLen, 14));
  assert.deepEqual(policy.needs(seqLen).rowGroups, [
    { start: 10, end: 14 },
    { start: 26, end: 30 },
  ]);
  const scores = policy.score(layer, budget(10));
  // Rows 26 to 29 attend to position 3, which is not in their span.
  assert.deepEqual(
    [...scores.subarray(0, seqLen)].map((score, at) => (score === 0 ? -1 : at)).filter((at) => at >= 0),
    [2],
  );
  assert.deepEqual(policy.protect!(seqLen).window, [10, 11, 12, 13, 26, 27, 28, 29]);
});

test('policies without scores of their own for spans say so, and odd spans are refused', () => {
  const layers = [randomLayer(40, 1)];
  const spans = [
    { start: 0, end: 10 },
    { start: 10, end: 20 },
    { start: 25, end: 40 },
  ];
  const { notes } = compress(layers, parsePolicy('keydiff'), 0.5, { fair: { spans } });
  assert.deepEqual(notes, [
    'KeyDiff scores the whole system turn; only the number of entries is shared between the spans.',
    'Fair eviction over 3 spans: the paper tests two.',
  ]);
  for (const wrong of [
    [],
    [{ start: 5, end: 5 }],
    [{ start: 0, end: 41 }],
    [
      { start: 5, end: 9 },
      { start: 8, end: 12 },
    ],
  ])
    assert.throws(() => compress(layers, parsePolicy('knorm'), 0.5, { fair: { spans: wrong } }), HoldfastError);
  assert.ok(
    everyPolicy
      .filter((policy) => policy.fair !== undefined)
      .map(nameOf)
      .includes('pyramid'),
  );
});

test('a reservation keeps the first and last positions under any policy', () => {
  const { kept } = compress([randomLayer(40, 1)], parsePolicy('keydiff'), 0.75, { reserve: { sinks: 2, recent: 3 } });
  for (const position of [0, 1, 37, 38, 39]) assert.ok(kept.has(0, 0, position) && kept.has(0, 1, position));
  assert.equal(kept.countKept(0, 0), 10);
});

test('a whitelist above the budget is refused, or its first positions stay with a note', () => {
  const layers = [randomLayer(20, 1)];
  const whitelist = [15, 4, 9, 2, 7, 11];
  assert.throws(() => compress(layers, parsePolicy('knorm'), 0.8, { whitelist }), /The whitelist needs 6 of 3 slots/);
  const { kept, notes } = compress(layers, parsePolicy('knorm'), 0.8, { whitelist, whitelistOverflow: 'keep-first' });
  assert.deepEqual([...kept.positions(0, 0)], [4, 9, 15]);
  assert.match(notes.join(), /The whitelist needs 6 of 3 slots: only its first 3 are kept/);
});
