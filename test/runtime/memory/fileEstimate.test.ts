import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateFromFile } from '../../../src/runtime/memory/fileEstimate.ts';

test('16-bit floats double, 8-bit blocks hardly grow, smaller blocks grow by their scales', () => {
  const of = (quantisation: string): number => estimateFromFile({ bytes: 4e9, quantisation });
  assert.ok(of('BF16') > 8e9 && of('BF16') < 9.6e9);
  assert.ok(of('Q4_K_M') > 5.4e9 && of('Q4_K_M') < 7e9);
  assert.ok(of('Q8_0') < of('Q4_K_M'));
  assert.ok(of('F32') < of('Q8_0'));
  assert.equal(estimateFromFile({ bytes: 4e9 }), of('Q5_K_M'), 'an unknown quantisation counts as one of few bits');
});

test('the default model comes to what was measured, within a third', () => {
  const estimate = estimateFromFile({ bytes: 98_362_432, quantisation: 'Q4_1' });
  assert.ok(estimate > 550e6 && estimate < 900e6, String(estimate));
});
