import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DecodePolicy, DecodeStart } from '../../src/cache/decode/decodePolicy.ts';
import { h2oDecode } from '../../src/cache/decode/h2oDecode.ts';
import { decodePolicies } from '../../src/cache/decode/index.ts';
import { tovaDecode } from '../../src/cache/decode/tovaDecode.ts';
import { windowDecode } from '../../src/cache/decode/windowDecode.ts';
import { noise } from '../support/layers.ts';

const [queryHeads, kvHeads] = [4, 2];

/** Attention of one new token over what each head holds: zero elsewhere, [queryHeads, tokens]. */
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

interface Step {
  readonly held: readonly (readonly number[])[];
  readonly attention: Float32Array;
  readonly dropped: readonly Int32Array[];
}

/** Feeds tokens and keeps account of what each head holds, from what the policy says that it drops. */
function run(policy: DecodePolicy, start: DecodeStart, steps: number, seed: number): Step[] {
  const state = policy.start(start);
  let held = start.present.map((positions) => [...positions]);
  return Array.from({ length: steps }, (_, step): Step => {
    const token = start.tokens + step;
    held = held.map((tokens) => [...tokens, token]);
    const attention = attend(held, token + 1, seed + step);
    const dropped = state.step(policy.readsAttention ? attention : undefined);
    held = held.map((tokens, head) => tokens.filter((each) => !dropped[head]!.includes(each)));
    return { held, attention, dropped };
  });
}

const starts = fc
  .record({ tokens: fc.integer({ min: 1, max: 20 }), budget: fc.integer({ min: 1, max: 20 }), seed: fc.nat(1e6) })
  .map(({ tokens, budget, seed }) => ({
    seed,
    start: {
      queryHeads,
      kvHeads,
      budget,
      tokens,
      present: [0, 1].map(() => Int32Array.from(Array(tokens).keys())),
      columnSums: noise(queryHeads * tokens, seed).map(Math.abs),
    },
  }));

for (const policy of decodePolicies) {
  test(`${policy.id}: after every step each head holds what fits the budget, and always the newest token`, () => {
    fc.assert(
      fc.property(starts, ({ start, seed }) => {
        for (const [step, { held }] of run(policy, start, 12, seed).entries()) {
          const fed = start.tokens + step + 1;
          for (const tokens of held) assert.equal(tokens.length, Math.min(fed, start.budget));
          if (policy.id !== 'window' || start.budget > 4)
            for (const tokens of held) assert.equal(tokens.at(-1), fed - 1);
        }
      }),
    );
  });
}

test('H2O drops what received the least attention in all, outside its recent half', () => {
  fc.assert(
    fc.property(starts, ({ start, seed }) => {
      const received = [0, 1].map(() => new Map<number, number>());
      const add = (attention: Float32Array, columns: number): void => {
        for (let query = 0; query < queryHeads; query++)
          for (let token = 0; token < columns; token++) {
            const ofHead = received[query >> 1]!;
            ofHead.set(token, (ofHead.get(token) ?? 0) + attention[query * columns + token]!);
          }
      };
      add(start.columnSums, start.tokens);
      for (const [step, { held, attention, dropped }] of run(h2oDecode, start, 10, seed).entries()) {
        const fed = start.tokens + step + 1;
        add(attention, fed);
        const recent = Math.ceil(start.budget / 2);
        for (const [head, tokens] of held.entries()) {
          if (dropped[head]!.length !== 1) continue;
          const before = [...tokens, ...dropped[head]!].sort((a, b) => a - b);
          for (const other of before.slice(0, -recent))
            assert.ok(received[head]!.get(other)! >= received[head]!.get(dropped[head]![0]!)! - 1e-5);
          assert.ok(before.slice(0, -recent).includes(dropped[head]![0]!));
        }
      }
    }),
  );
});

test('TOVA drops from every head what the newest token attends to least', () => {
  fc.assert(
    fc.property(starts, ({ start, seed }) => {
      for (const [step, { held, attention, dropped }] of run(tovaDecode, start, 10, seed).entries()) {
        const fed = start.tokens + step + 1;
        assert.deepEqual(dropped[0], dropped[1]);
        if (dropped[0]!.length !== 1 || start.budget === 1) continue;
        const mean = (token: number): number =>
          [0, 1, 2, 3].reduce((sum, query) => sum + attention[query * fed + token]!, 0);
        for (const other of held[0]!.slice(0, -1)) assert.ok(mean(other) >= mean(dropped[0]![0]!) - 1e-9);
      }
    }),
  );
});

test('a window with sinks drops the oldest token after the sinks', () => {
  const present = [0, 1].map(() => Int32Array.of(0, 1, 2, 5, 6));
  const start = { queryHeads, kvHeads, budget: 5, tokens: 7, present };
  const dropped = run(windowDecode({ sinks: 2 }), start, 4, 1).map(({ dropped: [first] }) => [...first!]);
  assert.deepEqual(dropped, [[2], [5], [6], [7]]);
});

test('a first step makes room at once where the prefix holds more than the budget', () => {
  const present = [0, 1].map(() => Int32Array.from(Array(10).keys()));
  const start = { queryHeads, kvHeads, budget: 4, tokens: 10, present, columnSums: new Float32Array(40).fill(1) };
  const [first] = run(h2oDecode, start, 1, 1);
  assert.deepEqual(
    first!.held.map((tokens) => tokens.length),
    [4, 4],
  );
});
