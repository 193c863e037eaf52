import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrationGroups, calibrationPlot } from '../../../bench/validity/calibrationPlot.ts';

const pair = (score: number, isLost: boolean) => ({ prompt: 'own/1', score, isLost });
const scored = Array.from({ length: 100 }, (_, i) => pair((99 - i) / 100, i % 10 < 3));

test('pairs are told in tenths by predicted risk, with the share that is lost and its interval', () => {
  const groups = calibrationGroups(scored);
  assert.equal(groups.length, 10);
  for (const [i, { predicted, lost, low, high }] of groups.entries()) {
    assert.ok(Math.abs(predicted - (i / 10 + 0.045)) < 1e-9, `${predicted}`);
    assert.ok(Math.abs(lost - 0.3) < 1e-9);
    assert.ok(0.08 < low && low < lost && lost < high && high < 0.65, `${low} to ${high}`);
  }
});

test('fewer pairs than tenths are told one by one, and the plot has a mark for each', () => {
  const few = scored.slice(0, 4);
  assert.equal(calibrationGroups(few).length, 4);
  const svg = calibrationPlot(few);
  assert.equal(svg.match(/<circle/gu)?.length, 4);
  assert.ok(!svg.includes('NaN'));
});
