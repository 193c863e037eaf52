import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ModelConfig } from '../../../src/runtime/graph/modelConfig.ts';
import { inverseFrequencies, type RopeScaling } from '../../../src/runtime/graph/rope.ts';

const config = (ropeScaling: RopeScaling): ModelConfig => ({
  architecture: 'llama',
  layers: 1,
  hiddenSize: 64,
  feedForwardSize: 64,
  queryHeads: 1,
  kvHeads: 1,
  headDim: 64,
  vocabSize: 10,
  contextLength: 128,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  ropeScaling,
});
const plain = inverseFrequencies(config({ type: 'none' }));

describe('rotary frequencies', () => {
  test('fall from 1 by a constant factor', () => {
    assert.equal(plain.length, 32);
    assert.equal(plain[0], 1);
    for (const [j, frequency] of plain.entries()) assert.ok(Math.abs(frequency - 10_000 ** (-j / 32)) < 1e-7);
  });

  test('linear scaling divides all of them', () => {
    for (const [j, frequency] of inverseFrequencies(config({ type: 'linear', factor: 4 })).entries())
      assert.ok(Math.abs(frequency - plain[j]! / 4) < 1e-8);
  });

  test('llama3 scaling keeps the fast ones, divides the slow ones, and blends without a jump', () => {
    const scaled = inverseFrequencies(
      config({ type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 64 }),
    );
    const ratios = [...scaled].map((frequency, j) => plain[j]! / frequency);
    assert.equal(ratios[0], 1);
    assert.ok(Math.abs(ratios.at(-1)! - 8) < 1e-5);
    for (const [j, ratio] of ratios.slice(1).entries()) assert.ok(ratio >= ratios[j]! - 1e-6, 'the ratio never falls');
    assert.ok(ratios.some((ratio) => ratio > 1.01 && ratio < 7.9));
  });

  test('divisors of a GGUF file are applied one by one', () => {
    const divisors = new Float32Array(32).fill(1);
    divisors[31] = 8;
    const scaled = inverseFrequencies(config({ type: 'none' }), divisors);
    assert.equal(scaled[0], plain[0]);
    assert.ok(Math.abs(scaled[31]! - plain[31]! / 8) < 1e-10);
  });
});
