// The prescribed refusal of `support_bot` under every policy of the fixtures, as an audit weighs it: through the engine's process,
// with our own tokens of the answer and our own kept sets. engine.test.ts compares the same rows on the reference's kept sets.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isSaidUncompressed, prescribedFate } from '../../src/analyzer/evidence/prescribedAnswer.ts';
import { hostedText } from '../../src/analyzer/hostedText.ts';
import { turnPositions } from '../../src/analyzer/measure/turnPositions.ts';
import { prescribedAnswers } from '../../src/analyzer/prescribed/index.ts';
import { segment } from '../../src/analyzer/segmentation/index.ts';
import { eviction } from '../../src/cache/cacheRequest.ts';
import type { Mask } from '../../src/runtime/languageModel.ts';
import { loadDefaultModel } from '../support/defaultEngine.ts';
import { fixture, floats, needsFixtures, readJson } from '../support/fixtures.ts';
import { needsModel } from '../support/model.ts';
import { referencePolicy } from '../support/policyCases.ts';
import { namedPrompt } from '../support/prompts.ts';

// Tolerances of the fixtures' README; in K-Norm's first layer keys of repeated tokens tie, so a few heads may differ.
const logProbTolerance = 2e-4;
const meanTolerance = 1e-4;
const ambiguousMeanTolerance = 1e-2;

interface ProbeFile {
  user: string;
  suffix_ids: number[];
  targets: Record<'refusal', { ids: number[] }>;
  cases: {
    policy: string;
    ratio: number;
    targets: Record<'refusal', { logprobs: { f32: string }; sum_logprob: number }>;
  }[];
}

const never = new AbortController().signal;
const refusal = "I can't help with that.";
const skip = needsFixtures('smollm2').skip !== false ? needsFixtures('smollm2') : needsModel();

describe('the prescribed refusal of support_bot', skip, async () => {
  if (skip.skip !== false) return;
  const { system } = readJson<{ system: string }>(fixture('smollm2', 'support_bot.base.json'));
  const { policies } = readJson<{ policies: Record<string, { params: Record<string, unknown> }> }>(
    fixture('smollm2', 'support_bot.policies.json'),
  );
  const probe = readJson<ProbeFile>(fixture('smollm2', 'support_bot.probe.json'));
  const endOfTurn = probe.targets.refusal.ids.at(-1)!;
  const model = await loadDefaultModel();
  const turn = await model.encodeSystem(system, never);
  const requests = Object.entries(policies).map(([name, { params }]) =>
    eviction(referencePolicy(name, params)!.id, 0.5),
  );
  const prefix = await model.prefill(turn.ids, requests, never);
  const suffix = await model.encodeUser(system, probe.user, never);
  const { ids: answer } = await model.encodeAnswer(refusal, never);
  const target = Int32Array.of(...answer, endOfTurn);

  const logProbsUnder = async (mask: Mask): Promise<Float32Array> => {
    const [comparison] = await model.compare(prefix, [{ mask, suffix, target }], never);
    return comparison!.logProbs;
  };

  test('is recognised in the prompt and encoded as in the reference', () => {
    assert.deepEqual(prescribedAnswers({ text: system }, segment(system)), [{ text: refusal, instruction: 0 }]);
    assert.deepEqual([...suffix], probe.suffix_ids);
    assert.deepEqual([...target], probe.targets.refusal.ids);
  });

  test('the reference has every policy with every ratio', () => {
    assert.equal(probe.cases.length, 1 + 4 * Object.keys(policies).length);
    assert.equal(Object.keys(policies).length, 9);
  });

  for (const { policy, ratio, targets } of probe.cases) {
    test(policy === 'none' ? 'with the full cache' : `under ${policy} at ${ratio}`, async () => {
      const cache =
        policy === 'none'
          ? undefined
          : await model.compress(prefix, eviction(referencePolicy(policy, policies[policy]!.params)!.id, ratio), never);
      const actual = await logProbsUnder(
        cache === undefined ? { kind: 'none' } : { kind: 'variant', variant: cache.variant },
      );
      const expected = floats(targets.refusal.logprobs);
      const total = actual.reduce((sum, logProb) => sum + logProb, 0);
      const isAmbiguous = policy === 'knorm';
      const allowed = (isAmbiguous ? ambiguousMeanTolerance : meanTolerance) * expected.length;
      assert.ok(
        Math.abs(total - targets.refusal.sum_logprob) <= allowed,
        `${total} instead of ${targets.refusal.sum_logprob}, allowed ${allowed}`,
      );
      if (isAmbiguous) return;
      for (const [i, logProb] of expected.entries())
        assert.ok(Math.abs(actual[i]! - logProb) <= logProbTolerance, `token ${i}: ${actual[i]} instead of ${logProb}`);
    });
  }

  test('caches that hold it are told from those that lost it, and the clause is what makes it likely', async () => {
    const withoutEnd = (logProbs: Float32Array): number =>
      logProbs.slice(0, answer.length).reduce((sum, logProb) => sum + logProb, 0);
    const [clause] = turnPositions(
      hostedText(namedPrompt('support_bot.md', system)),
      segment(system),
      turn,
    ).instructions;
    const arms = {
      text: refusal,
      probe: 'extraction',
      tokens: answer.length,
      logProbFull: withoutEnd(await logProbsUnder({ kind: 'none' })),
      logProbWithout: withoutEnd(await logProbsUnder({ kind: 'positions', positions: clause! })),
    };
    assert.equal(isSaidUncompressed(arms), true, JSON.stringify(arms));
    const held = probe.cases
      .filter(({ targets }) => {
        const logProb = withoutEnd(floats(targets.refusal.logprobs));
        return prescribedFate({ ...arms, logProb }) === 'held';
      })
      .map(({ policy, ratio }) => `${policy}@${ratio}`);
    assert.deepEqual(held, ['none@0', 'tova@0.25', 'knorm@0.25', 'keydiff@0.25']);
  });
});
