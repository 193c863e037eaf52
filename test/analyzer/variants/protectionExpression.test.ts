import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instruction } from '../../../src/analyzer/prompt.ts';
import {
  parseProtection,
  protectionExpression,
  type ProtectedTurn,
} from '../../../src/analyzer/variants/protectionExpression.ts';
import { HoldfastError } from '../../../src/errors.ts';

const instruction = (changes: Partial<Instruction>): Instruction => ({
  id: 'x',
  kind: 'directive',
  text: 'Be brief.',
  range: { start: 0, end: 9 },
  block: 0,
  strong: false,
  strength: 'must',
  mustHold: false,
  suppressedRules: [],
  ...changes,
});

const turn = (...instructions: Partial<Instruction>[]): ProtectedTurn => ({
  instructions: instructions.map(instruction),
  positions: instructions.map((_, index) => Int32Array.of(10 * index + 4, 10 * index + 5, 10 * index + 6)),
  context: [],
});

test('a whitelist holds what is marked must-hold first, then the defense', () => {
  const { whitelist } = parseProtection('whitelist').resolve(turn({}, { kind: 'defense' }, { mustHold: true }));
  assert.deepEqual(whitelist, [24, 25, 26, 14, 15, 16]);
});

test('a whitelist can be of the defense alone, or of what is marked alone', () => {
  const both = turn({ kind: 'defense' }, { mustHold: true });
  assert.deepEqual(parseProtection('whitelist(of=defense)').resolve(both).whitelist, [4, 5, 6]);
  assert.deepEqual(parseProtection('whitelist(of=must-hold)').resolve(both).whitelist, [14, 15, 16]);
  const marked = turn({ kind: 'defense', mustHold: true });
  assert.deepEqual(parseProtection('whitelist(of=defense)').resolve(marked).whitelist, [4, 5, 6]);
});

test('a prompt with nothing to whitelist says so', () => {
  assert.throws(
    () => parseProtection('whitelist').resolve(turn({}, {})),
    (error) =>
      error instanceof HoldfastError &&
      error.code === 'nothing-to-protect' &&
      error.message.includes('no must-hold marker'),
  );
});

test('fair eviction has a span per instruction that has tokens, in the order of the prompt', () => {
  const three = turn({}, {}, {});
  const some = { ...three, positions: [three.positions[0]!, new Int32Array(0), three.positions[2]!] };
  assert.deepEqual(parseProtection('fair(lambda=0.25)').resolve(some).fair, {
    spans: [
      { start: 4, end: 7 },
      { start: 24, end: 27 },
    ],
    lambda: 0.25,
  });
});

test('what stands between instructions is a span of its own', () => {
  const between = { ...turn({}, {}), context: [Int32Array.of(8, 9), Int32Array.of(1, 2)] };
  assert.deepEqual(
    parseProtection('fair')
      .resolve(between)
      .fair?.spans.map(({ start, end }) => [start, end]),
    [
      [1, 3],
      [4, 7],
      [8, 10],
      [14, 17],
    ],
  );
});

test('spans whose tokens overlap are cut where the earlier one ends', () => {
  const overlapping = { ...turn({}, {}), positions: [Int32Array.of(1, 2, 3), Int32Array.of(3, 4)] };
  assert.deepEqual(parseProtection('fair').resolve(overlapping).fair?.spans, [
    { start: 1, end: 4 },
    { start: 4, end: 5 },
  ]);
});

test('weighted shares put must-hold first and give a should half of a must', () => {
  const { fair } = parseProtection('fair(weighted=true)').resolve(turn({ mustHold: true }, { strength: 'should' }));
  assert.deepEqual(fair?.spans, [
    { start: 4, end: 7, weight: 1, mustHold: true },
    { start: 14, end: 17, weight: 0.5, mustHold: false },
  ]);
});

test('protections compose', () => {
  const spec = parseProtection('whitelist(overflow=keep-first)+fair+reserve(sinks=2,recent=8)');
  assert.equal(spec.title, 'whitelist + fair eviction + reserve of 2 first and 8 last tokens');
  const resolved = spec.resolve(turn({ kind: 'defense' }));
  assert.deepEqual(Object.keys(resolved).sort(), ['fair', 'reserve', 'whitelist', 'whitelistOverflow']);
  assert.equal(resolved.whitelistOverflow, 'keep-first');
  assert.deepEqual(resolved.reserve, { sinks: 2, recent: 8 });
});

for (const [text, message] of [
  ['whitelst', /Did you mean "whitelist"\?/],
  ['fair(lambda=2)', /lambda/],
  ['fair(lamda=1)', /Did you mean "lambda"\?/],
  ['fair+fair', /one kind twice/],
  ['whitelist(snapkv)', /takes no policy/],
  ['fair+', /missing at character/],
] as const) {
  test(`${text} is refused with the reason`, () => {
    assert.throws(
      () => parseProtection(text),
      (error) => error instanceof HoldfastError && message.test(error.message),
    );
    assert.match(protectionExpression.safeParse(text).error!.issues[0]!.message, message);
  });
}
