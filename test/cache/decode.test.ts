import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { budgetedEntries } from '../../src/cache/decode/entryBudget.ts';
import { decodeExpression, decodeFamilies, decodeSetting, parseDecode } from '../../src/cache/decode/index.ts';
import type { DecodePolicy, DecodeStart, Merge } from '../../src/cache/decode/decodePolicy.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { HoldfastError } from '../../src/errors.ts';
import { noise, layerFromAttention } from '../support/layers.ts';
import { budget as layerBudget } from '../support/policyCases.ts';

const [queryHeads, kvHeads, headDim] = [4, 2, 4];

/** Attention of one token over what each head holds: zero elsewhere, [queryHeads, tokens]. */
function attend(held: readonly (readonly number[])[], tokens: number, seed: number): Float32Array {
  const random = noise(queryHeads * tokens, seed);
  const attention = new Float32Array(queryHeads * tokens);
  for (let query = 0; query < queryHeads; query++) {
    const tokensOfHead = held[Math.floor((query * kvHeads) / queryHeads)]!;
    const weights = tokensOfHead.map((token) => Math.exp(2 * random[query * tokens + token]!));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, token] of tokensOfHead.entries()) attention[query * tokens + token] = weights[index]! / total;
  }
  return attention;
}

/** Keys and values of a token, the same whenever it is asked for. */
const vector = (kind: number, head: number, token: number): Float32Array =>
  noise(headDim, 1000 * kind + 100 * head + token);

interface Step {
  readonly held: readonly (readonly number[])[];
  readonly attention: Float32Array;
  readonly dropped: readonly Int32Array[];
  readonly merges: readonly Merge[];
}

/** Makes calls of so many tokens and keeps account of what each head holds, from what the policy says that it drops. */
function run(policy: DecodePolicy, start: DecodeStart, calls: readonly number[], seed: number): Step[] {
  const state = policy.start(start);
  let held = start.present.map((positions) => [...positions]);
  let soFar = start.tokens;
  return calls.map((tokens, index): Step => {
    const fed = Array.from({ length: tokens }, (_, i) => soFar + i);
    held = held.map((ofHead) => [...ofHead, ...fed]);
    soFar += tokens;
    const attention = attend(held, soFar, seed + index);
    const entries = (head: number, some: ArrayLike<number>) => {
      const of = (kind: number): Float32Array =>
        Float32Array.from(Array.from(some).flatMap((token) => [...vector(kind, head, token)]));
      return { keys: of(1), values: of(2) };
    };
    const read = policy.attention === 'none' ? undefined : attention;
    const { dropped, merges = [] } = state.step({ tokens, attention: read, entries });
    held = held.map((of, head) => of.filter((each) => !dropped[head]!.includes(each)));
    return { held, attention, dropped, merges };
  });
}

const startOf = (tokens: number, present = [...Array(tokens).keys()], seed = 1): DecodeStart => ({
  queryHeads,
  kvHeads,
  headDim,
  layer: 0,
  layers: 1,
  tokens,
  present: [0, 1].map(() => Int32Array.from(present)),
  columnSums: noise(queryHeads * tokens, seed).map(Math.abs),
});

const single = (count: number): number[] => new Array<number>(count).fill(1);

const cases = fc.record({
  tokens: fc.integer({ min: 1, max: 20 }),
  budget: fc.integer({ min: 1, max: 20 }),
  calls: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 10 }),
  seed: fc.nat(1e6),
});

for (const id of ['h2o', 'tova', 'window']) {
  test(`${id}: after every call each head holds what fits the budget, and the newest token`, () => {
    fc.assert(
      fc.property(cases, ({ tokens, budget, calls, seed }) => {
        let fed = tokens;
        for (const [index, { held, dropped }] of run(
          parseDecode(`${id}(budget=${budget})`),
          startOf(tokens, undefined, seed),
          calls,
          seed,
        ).entries()) {
          fed += calls[index]!;
          for (const ofHead of held) {
            assert.equal(ofHead.length, Math.min(fed, budget));
            assert.equal(ofHead.at(-1), fed - 1);
          }
          for (const ofHead of dropped)
            assert.deepEqual(
              [...ofHead],
              [...new Set(ofHead)].sort((a, b) => a - b),
            );
        }
      }),
    );
  });
}

test('H2O drops what received the least attention in all, outside its recent half', () => {
  fc.assert(
    fc.property(cases, ({ tokens, budget, calls, seed }) => {
      const start = startOf(tokens, undefined, seed);
      const received = [0, 1].map(() => new Map<number, number>());
      const add = (attention: Float32Array, columns: number): void => {
        for (let query = 0; query < queryHeads; query++)
          for (let token = 0; token < columns; token++) {
            const ofHead = received[query >> 1]!;
            ofHead.set(token, (ofHead.get(token) ?? 0) + attention[query * columns + token]!);
          }
      };
      add(start.columnSums!, tokens);
      let fed = tokens;
      for (const [index, { held, attention, dropped }] of run(
        parseDecode(`h2o(budget=${budget})`),
        start,
        calls,
        seed,
      ).entries()) {
        fed += calls[index]!;
        add(attention, fed);
        const recent = Math.ceil(budget / 2);
        for (const [head, staying] of held.entries()) {
          const gone = [...dropped[head]!];
          if (gone.length === 0) continue;
          const before = [...staying, ...gone].sort((a, b) => a - b);
          const candidates = before.slice(0, Math.max(gone.length, before.length - recent));
          assert.ok(gone.every((token) => candidates.includes(token)));
          const worst = Math.max(...gone.map((token) => received[head]!.get(token)!));
          for (const other of candidates.filter((token) => !gone.includes(token)))
            assert.ok(received[head]!.get(other)! >= worst - 1e-5);
        }
      }
    }),
  );
});

test('TOVA drops from every head what the newest token attends to least', () => {
  fc.assert(
    fc.property(cases, ({ tokens, budget, calls, seed }) => {
      let fed = tokens;
      for (const [index, { held, attention, dropped }] of run(
        parseDecode(`tova(budget=${budget})`),
        startOf(tokens),
        calls,
        seed,
      ).entries()) {
        fed += calls[index]!;
        assert.deepEqual(dropped[0], dropped[1]);
        const mean = (token: number): number =>
          [0, 1, 2, 3].reduce((sum, query) => sum + attention[query * fed + token]!, 0);
        const worst = Math.max(...[...dropped[0]!].map(mean));
        for (const other of held[0]!.slice(0, -1)) assert.ok(mean(other) >= worst - 1e-9);
      }
    }),
  );
});

test('a window with sinks drops the oldest token after the sinks', () => {
  const dropped = run(parseDecode('window(sinks=2,budget=5)'), startOf(7, [0, 1, 2, 5, 6]), single(4), 1);
  assert.deepEqual(
    dropped.map((step) => [...step.dropped[0]!]),
    [[2], [5], [6], [7]],
  );
});

test('sinks leave room for the newest token', () => {
  const steps = run(parseDecode('window(sinks=4,budget=3)'), startOf(6), single(2), 1);
  assert.deepEqual(
    steps.map(({ held }) => held[0]),
    [
      [0, 1, 6],
      [0, 1, 7],
    ],
  );
});

test('a first call makes room at once where the prefix holds more than the budget', () => {
  const [first] = run(parseDecode('h2o(budget=4)'), startOf(10), [3], 1);
  assert.deepEqual(
    first!.held.map((tokens) => tokens.length),
    [4, 4],
  );
});

test('a budget is a number of entries, or a share of the system turn', () => {
  assert.deepEqual(
    ['128', '25%', '12.5%', '0.1%'].map((budget) => budgetedEntries(budget, 90)),
    [128, 22, 11, 1],
  );
  const [first] = run(parseDecode('tova(budget=50%)'), startOf(9), [2], 1);
  assert.equal(first!.held[0]!.length, 4);
});

/** Entries after each call, of one head. */
const lengths = (expression: string, tokens: number, calls: readonly number[]): number[] =>
  run(parseDecode(expression), startOf(tokens), calls, 1).map(({ held }) => held[0]!.length);

test('decoding shrinks to its target every interval, as the reference does', () => {
  assert.deepEqual(
    [60, ...lengths('decoding(knorm,interval=5,target=40)', 60, single(10))],
    [60, 61, 62, 63, 64, 40, 41, 42, 43, 44, 40],
  );
  // A user turn is one call; one at least as long as the target shrinks at once.
  assert.deepEqual(lengths('decoding(knorm,interval=3,target=20)', 30, [12, 1, 1, 1]), [42, 43, 20, 21]);
  assert.deepEqual(lengths('decoding(knorm,interval=3,target=12)', 30, [12, 1, 1, 1]), [12, 13, 14, 12]);
  // A cache below the target grows.
  assert.deepEqual(lengths('decoding(knorm,interval=2,target=10)', 5, single(8)), [6, 7, 8, 9, 10, 10, 11, 10]);
});

test('decoding by ratio leaves a share of all tokens so far', () => {
  // 108 tokens after the eighth call: 54 of them stay.
  assert.deepEqual(lengths('decoding(knorm,interval=8,ratio=0.5)', 100, single(9)).slice(-3), [107, 54, 55]);
  assert.deepEqual(lengths('decoding(knorm,interval=1,ratio=0.9)', 3, single(3)), [1, 1, 1]);
});

test('between two evictions a cache holds target to target + interval - 1 entries', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 4, max: 20 }),
      fc.constantFrom(
        'knorm',
        'keydiff',
        'streaming-llm',
        'lagkv(lag=3,sinks=1)',
        'cur',
        'random',
        'block(keydiff,length=4)',
      ),
      (interval, target, base) => {
        const after = lengths(`decoding(${base},interval=${interval},target=${target})`, 30, single(3 * interval));
        for (const length of after.slice(interval - 1)) assert.ok(length >= target && length <= target + interval - 1);
      },
    ),
    { numRuns: 60 },
  );
});

test('decoding keeps what its base scores highest of each head, wherever a head holds other tokens', () => {
  const start = { ...startOf(20), present: [Int32Array.of(0, 3, 4, 9, 12, 15, 19), Int32Array.of(1, 2, 3, 5, 7)] };
  const [step] = run(parseDecode('decoding(knorm,interval=1,target=4)'), start, [2], 1);
  const norm = (head: number, token: number): number => Math.hypot(...vector(1, head, token));
  for (const head of [0, 1]) {
    const all = [...start.present[head]!, 20, 21];
    const best = [...all].sort((a, b) => norm(head, a) - norm(head, b)).slice(0, 4);
    assert.deepEqual(
      step!.held[head],
      best.sort((a, b) => a - b),
    );
  }
});

test('a policy starts anew in every conversation', () => {
  for (const expression of [
    'h2o(budget=9)',
    'decoding(random,interval=3,target=8)',
    'cam(knorm,interval=3,target=8)',
  ]) {
    const policy = parseDecode(expression);
    const [first, second] = [1, 2].map(() => run(policy, startOf(15), [4, 1, 1, 1, 1, 1], 5));
    assert.deepEqual(first, second, expression);
  }
});

test('CaM drops the same places in all heads, by the mean score, and adds values of dropped entries to what follows', () => {
  const policy = parseDecode('cam(knorm,interval=3,target=10,window=2)');
  assert.ok(policy.merges);
  let merged = 0;
  let candidates = 0;
  for (let seed = 0; seed < 40; seed++) {
    const received = [0, 1].map(() => new Float64Array(40));
    const steps = run(parseDecode(`cam(knorm,interval=3,target=10,window=2,seed=${seed})`), startOf(12), single(6), 7);
    let fed = 12;
    for (const { held, attention, dropped, merges } of steps) {
      fed++;
      for (let query = 0; query < queryHeads; query++)
        for (let token = 0; token < fed; token++) received[query >> 1]![token]! += attention[query * fed + token]! / 2;
      assert.deepEqual(dropped[0], dropped[1]);
      if (fed % 3 !== 0) {
        assert.equal(dropped[0]!.length + merges.length, 0);
        continue;
      }
      assert.equal(held[0]!.length, 10);
      const score = (token: number): number =>
        -[0, 1].reduce((sum, head) => sum + Math.hypot(...vector(1, head, token)), 0);
      const worstKept = Math.min(...held[0]!.map(score));
      for (const token of dropped[0]!) assert.ok(score(token) <= worstKept + 1e-6);
      // One candidate per call since the last time: the best of the dropped.
      const best = [...dropped[0]!].sort((a, b) => score(b) - score(a)).slice(0, 3);
      for (const { head, from, into, share } of merges) {
        assert.ok(best.includes(from));
        const next = held[head]!.filter((token) => token > from).slice(0, 2);
        assert.deepEqual(into, next);
        assert.equal(share, 1 / next.length);
      }
      for (const from of best) {
        for (const head of [0, 1]) {
          const next = held[head]!.filter((token) => token > from).slice(0, 2);
          if (next.length === 0) continue;
          const mean = next.reduce((sum, token) => sum + received[head]![token]!, 0) / next.length;
          candidates += Math.min(1, received[head]![from]! / mean);
        }
      }
      merged += merges.length;
    }
  }
  assert.ok(candidates > 100, `${candidates} merges are expected`);
  assert.ok(Math.abs(merged / candidates - 1) < 0.15, `${merged} merges where ${candidates} are expected`);
});

test('CaM is refused where heads hold different numbers of entries', () => {
  const start = { ...startOf(8), present: [Int32Array.of(0, 1, 2), Int32Array.of(0, 1, 2, 3)] };
  assert.throws(() => run(parseDecode('cam(knorm,interval=1,target=2)'), start, [1], 1), HoldfastError);
});

test('what a base protects stays while generating', () => {
  const steps = run(parseDecode('decoding(cur,interval=2,target=9)'), startOf(16), single(8), 3);
  for (const { held } of steps) assert.deepEqual(held[0]!.slice(0, 4), [0, 1, 2, 3]);
});

test('a base sees what a head holds as if it were a whole prefix', () => {
  const held = [...Array(12).keys(), 12];
  const flat = (kind: number): Float32Array => Float32Array.from(held.flatMap((token) => [...vector(kind, 1, token)]));
  const alone = layerFromAttention(
    { seqLen: 13, queryHeads: 2, kvHeads: 1, headDim },
    flat(1),
    flat(2),
    new Float32Array(2 * 13 * 13),
  );
  const scores = parsePolicy('keydiff').score(alone, { ...layerBudget(6), layer: 1, layers: 2 });
  const [step] = run(parseDecode('decoding(keydiff,interval=1,target=6)'), startOf(12), [1], 1);
  const best = [...held].sort((a, b) => scores[b]! - scores[a]!).slice(0, 6);
  assert.deepEqual(
    step!.held[1],
    best.sort((a, b) => a - b),
  );
});

test('an expression that names no policy while generating is refused with what was meant', () => {
  for (const [expression, message] of [
    ['h20(budget=4)', /no policy while generating "h20".*Did you mean "h2o"/],
    ['h2o', /budget/],
    ['h2o(budget=0)', /number of entries such as 128/],
    ['h2o(budget=0%)', /share of the system turn such as 25%/],
    ['h2o(budget=1.5)', /number of entries/],
    ['h2o(knorm,budget=4)', /h2o takes no policy/],
    ['window(budget=8,sink=2)', /no parameter "sink".*Did you mean "sinks"/],
    ['decoding(interval=4)', /names none/],
    ['decoding(knorm,h2o)', /takes one policy/],
    ['decoding(snapkv)', /reads more than keys and values/],
    ['decoding(kvzip)', /chooses entries in its own way/],
    ['decoding(rerotate(knorm))', /changes keys or values/],
    ['cam(knorm,window=0)', /window/],
    ['none', /no policy while generating "none"/],
  ] as const) {
    const refused = decodeExpression.safeParse(expression);
    assert.ok(!refused.success, expression);
    assert.match(refused.error.issues[0]!.message, message, expression);
  }
  assert.ok(decodeSetting.safeParse('none').success);
  assert.ok(decodeExpression.safeParse('window(sinks=0, budget=50%)').success);
  assert.equal(parseDecode('h2o( budget = 25% )').id, 'h2o(budget=25%)');
});

test('each family says what it drops and where that is from', () => {
  assert.equal(new Set(decodeFamilies.map(({ id }) => id)).size, decodeFamilies.length);
  for (const { formula, paper } of decodeFamilies) {
    assert.ok(formula.endsWith('.'));
    assert.match(paper.url, /^https:/);
  }
});
