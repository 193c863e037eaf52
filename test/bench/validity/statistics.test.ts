import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { auroc, bootstrapInterval, type Scored } from '../../../bench/validity/auroc.ts';
import { crossValidated, fitRisk } from '../../../bench/validity/fit.ts';
import type { Pair } from '../../../bench/validity/pairs.ts';
import { riskOf } from '../../../src/analyzer/evidence/risk.ts';
import { noise } from '../../../src/cache/noise.ts';

const scored = (...values: readonly (readonly [score: number, isLost: boolean])[]): Scored[] =>
  values.map(([score, isLost], i) => ({ prompt: String(i), score, isLost }));

/** Pairs whose loss follows one signal with noise; the other signal says nothing. */
function pairs(prompts: number, perPrompt: number, seed: number): Pair[] {
  const stream = noise(seed);
  return Array.from({ length: prompts * perPrompt }, (_, i): Pair => {
    const told = stream.uniform();
    const isLost = stream.uniform() < 1 / (1 + Math.exp(-8 * (told - 0.5)));
    return {
      prompt: String(Math.floor(i / perPrompt)),
      instruction: String(i),
      policy: 'h2o',
      isLost,
      survival: isLost ? 0 : 1,
      influence: 1,
      signals: { told, chance: stream.uniform() },
      baselines: {},
    };
  });
}

describe('AUROC', () => {
  test('is the share of pairs of a lost and a kept one that the score orders rightly, ties counting half', () => {
    assert.equal(auroc(scored([0.9, true], [0.8, true], [0.1, false])), 1);
    assert.equal(auroc(scored([0.1, true], [0.9, false])), 0);
    assert.equal(auroc(scored([0.5, true], [0.5, false])), 0.5);
    assert.equal(auroc(scored([0.9, true], [0.5, false], [0.4, true], [0.1, false])), 0.75);
    assert.ok(Number.isNaN(auroc(scored([0.9, true]))));
  });

  test('does not change under any rising transformation of the score, and turns round with its sign', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.boolean()), { minLength: 2 }), (values) => {
        const value = auroc(scored(...values));
        if (Number.isNaN(value)) return;
        const map = (to: (score: number) => number): Scored[] => scored(...values.map(([s, l]) => [to(s), l] as const));
        assert.equal(auroc(map((score) => Math.exp(score / 7))), value);
        assert.ok(Math.abs(auroc(map((score) => -score)) - (1 - value)) < 1e-12);
      }),
    );
  });

  test('has an interval that holds it, wider for fewer prompts', () => {
    const many = pairs(60, 4, 1).map(({ signals, ...pair }) => ({ ...pair, score: signals.told! }));
    const few = many.slice(0, 40);
    const [wide, narrow] = [bootstrapInterval(few, 5), bootstrapInterval(many, 5)];
    assert.ok(narrow.low <= auroc(many) && auroc(many) <= narrow.high);
    assert.ok(wide.high - wide.low > narrow.high - narrow.low);
  });
});

describe('fitting the risk', () => {
  test('finds the signal that loss follows, and gives the other next to no weight', () => {
    const { weights } = fitRisk(pairs(80, 10, 3), ['told', 'chance'], 0.5);
    assert.ok(weights.told! > 6 && weights.told! < 10, `${weights.told}`);
    assert.ok(Math.abs(weights.chance!) < 1, `${weights.chance}`);
  });

  test('gives probabilities: of the pairs with a risk of about one half, about half are lost', () => {
    const train = pairs(80, 10, 3);
    const coefficients = fitRisk(train, ['told'], 0.5);
    const near = pairs(200, 10, 9).filter(({ signals }) => Math.abs(riskOf(signals, coefficients) - 0.5) < 0.1);
    const lost = near.filter(({ isLost }) => isLost).length / near.length;
    assert.ok(Math.abs(lost - 0.5) < 0.08, `${lost} of ${near.length}`);
  });

  test("is cross-validated without the pair's own prompt: what only names the prompt predicts nothing", () => {
    const stream = noise(11);
    const named = Array.from({ length: 40 }, (_, prompt) => {
      const isLost = stream.uniform() < 0.5;
      return pairs(1, 5, prompt).map((pair) => ({
        ...pair,
        prompt: String(prompt),
        isLost,
        signals: Object.fromEntries(Array.from({ length: 40 }, (__, i) => [`p${i}`, i === prompt ? 1 : 0])),
      }));
    }).flat();
    const names = Array.from({ length: 40 }, (_, i) => `p${i}`);
    const held = crossValidated(named, names, 10, 0.01);
    assert.equal(held.length, named.length);
    assert.ok(auroc(held) < 0.6, `${auroc(held)}`);
    const coefficients = fitRisk(named, names, 0.01);
    const own = named.map(({ prompt, isLost, signals }) => ({ prompt, isLost, score: riskOf(signals, coefficients) }));
    assert.equal(auroc(own), 1, 'fitted on themselves they would look perfect');
  });
});
