import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  graphBytesPerWeight,
  graphWeightBytes,
  graphWeightBytesOfFile,
} from '../../../src/runtime/memory/weightBytes.ts';

test('types with a native form stay small, the others become float32', () => {
  assert.equal(graphBytesPerWeight('Q4_0'), 0.625);
  assert.equal(graphBytesPerWeight('Q4_1'), 0.75);
  assert.ok(graphBytesPerWeight('Q8_0') < 1.5);
  for (const type of ['F32', 'F16', 'BF16', 'Q2_K'] as const) assert.equal(graphBytesPerWeight(type), 4, type);
});

const layer = { name: 'blk.0.ffn_up.weight', type: 'Q4_1', shape: [1000, 64] } as const;
const embedding = { name: 'token_embd.weight', type: 'Q8_0', shape: [500, 64] } as const;
const output = { name: 'output.weight', type: 'Q4_1', shape: [500, 64] } as const;

test('a tied embedding is counted twice: as it is gathered, and as the float32 output projection', () => {
  const tied = 64_000 * 0.75 + 32_000 * (36 / 32) + 32_000 * 4;
  assert.equal(graphWeightBytes([layer, embedding]), tied);
  assert.equal(graphWeightBytes([output, layer, embedding]), tied, 'an own output projection takes its place');
  assert.equal(graphWeightBytes([embedding, layer, output]), tied, 'in any order');
});

test('from the size of a file alone: 16-bit floats double, quantised weights grow', () => {
  const config = { vocabSize: 1000, hiddenSize: 64 };
  assert.equal(graphWeightBytesOfFile(1e6, 'F16', config), 2e6);
  assert.equal(graphWeightBytesOfFile(1e6, 'BF16', config), 2e6);
  assert.equal(graphWeightBytesOfFile(1e6, 'F32', config), 1e6);
  const quantised = graphWeightBytesOfFile(1e6, 'Q4_K_M', config);
  assert.ok(quantised > 1.2e6 && quantised < 2e6, String(quantised));
});
