import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { phaseRunner, type MeasuredPhase } from '../../../src/analyzer/measure/phases.ts';
import { auditSettings } from '../../../src/analyzer/settings.ts';

const ofLoss: readonly MeasuredPhase[] = [
  'prefill',
  'answers',
  'influence',
  'loss',
  'prescribed',
  'responses',
  'preference',
  'facts',
];

/** Every share of the audit that is told while these phases run, each in two steps. */
async function told(evidence: 'retention' | 'loss' | 'behavior', phases: readonly MeasuredPhase[]): Promise<number[]> {
  const shares: number[] = [];
  const phase = phaseRunner(auditSettings.parse({ evidence }), (_, fraction) => shares.push(fraction), {});
  for (const name of phases) {
    await phase(name, (done) => {
      done(1, 2);
      done(2, 2);
      return Promise.resolve();
    });
  }
  return shares;
}

describe('the progress of a prompt', () => {
  for (const [evidence, phases] of [
    ['retention', ['prefill']],
    ['loss', ofLoss],
    ['behavior', [...ofLoss, 'behavior']],
  ] as const) {
    test(`rises from nothing to all of it with evidence ${evidence}`, async () => {
      const shares = await told(evidence, phases);
      assert.equal(shares[0], 0);
      assert.ok(Math.abs(shares.at(-1)! - 1) < 1e-9, `ends at ${shares.at(-1)}`);
      for (const [i, share] of shares.entries()) assert.ok(i === 0 || share >= shares[i - 1]! - 1e-9, shares.join(' '));
    });
  }
});

test('phases that are timed together add up, also where one fails', async () => {
  const timings: Record<string, number> = {};
  const phase = phaseRunner(auditSettings.parse({}), () => undefined, timings);
  await phase('influence', () => Promise.resolve(), 'noise');
  const first = timings.noise!;
  await assert.rejects(
    phase('influence', () => new Promise((_, fail) => setTimeout(() => fail(new Error('x')), 20)), 'noise'),
  );
  assert.ok(timings.noise! >= first + 15);
  assert.deepEqual(Object.keys(timings), ['noise']);
});
