import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { draw } from '../../../src/runtime/simulator/sampler.ts';

/** Shares of `draws` seeds that draw each token. */
function shares(logits: Float32Array, temperature: number, draws: number): number[] {
  const counts = new Array<number>(logits.length).fill(0);
  for (let seed = 0; seed < draws; seed++) counts[draw(logits, { temperature, seed }, 3)]!++;
  return counts.map((count) => count / draws);
}

function softmax(logits: Float32Array, temperature: number): number[] {
  const weights = Array.from(logits, (logit) => Math.exp(logit / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

describe('drawing a token', () => {
  const logits = Float32Array.of(1, 0.5, -0.2, 2, -3, 1.4);

  for (const temperature of [0.3, 1]) {
    test(`draws each token as often as the softmax at temperature ${temperature} says`, () => {
      const draws = 20_000;
      const drawn = shares(logits, temperature, draws);
      for (const [token, expected] of softmax(logits, temperature).entries()) {
        const deviation = Math.sqrt((expected * (1 - expected)) / draws);
        assert.ok(Math.abs(drawn[token]! - expected) < 4.5 * deviation + 1e-9, `token ${token}: ${drawn[token]}`);
      }
    });
  }

  test('places of one answer draw independently of each other', () => {
    const even = new Float32Array(2);
    let same = 0;
    const seeds = 10_000;
    for (let seed = 0; seed < seeds; seed++) {
      if (draw(even, { temperature: 1, seed }, 0) === draw(even, { temperature: 1, seed }, 1)) same++;
    }
    assert.ok(Math.abs(same / seeds - 0.5) < 0.025, `${same} of ${seeds}`);
  });

  test('two caches that agree draw the same, and small differences seldom change the draw', () => {
    const near = logits.map((logit, token) => logit + (token % 2 === 0 ? 0.01 : -0.01));
    let different = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const sampling = { temperature: 0.5, seed };
      assert.equal(draw(logits, sampling, 7), draw(logits.slice(), sampling, 7));
      if (draw(near, sampling, 7) !== draw(logits, sampling, 7)) different++;
    }
    assert.ok(different < 40, `${different} of 1000 draws differ`);
  });

  test('approaches the likeliest token as the temperature falls', () => {
    assert.deepEqual(shares(logits, 0.01, 200)[3], 1);
  });
});
