import { retention } from '../../cache/retention.ts';
import type { LanguageModel, PrefixHandle } from '../../runtime/languageModel.ts';
import type { Measurement } from '../measurement.ts';
import type { AuditSettings } from '../settings.ts';
import { planVariants, refusal, type VariantSpec } from '../variants/variantSpec.ts';
import { measureAnswers } from './answers.ts';
import { measureBehavior } from './behavior.ts';
import { plannedChecks } from './checks.ts';
import { measureFacts } from './facts.ts';
import { measureInfluence } from './influence.ts';
import { measureLoss } from './loss.ts';
import { decodeOf, type Measuring } from './measuring.ts';
import { measureNoise } from './noise.ts';
import { phaseRunner, type MeasureProgress, type PhaseRunner } from './phases.ts';
import { measurePreference } from './preference.ts';
import { measurePrescribed } from './prescribed.ts';
import { measureResponses } from './responses.ts';
import { turnPositions } from './turnPositions.ts';

/**
 * Measures one prompt up the evidence ladder: exact prefill, what each variant keeps, the answers of the full cache, each
 * instruction's influence on them, how much of it each variant loses, what becomes of prescribed answers, each variant's own
 * answers, what it makes of the facts, and how often its answers obey. Adds to
 * `measurement` as it goes, so that what was measured before an abort or an error stays. `effects` may be other phases after
 * compression than those of an audit.
 */
export async function measurePrompt(
  model: LanguageModel,
  measurement: Measurement,
  settings: AuditSettings,
  signal: AbortSignal,
  progress: MeasureProgress,
  timings: Record<string, number>,
  effects: Effects = auditEffects,
): Promise<void> {
  const phase = phaseRunner(settings, progress, timings);
  const { turn, segmentation } = measurement;
  const encoded = await model.encodeSystem(turn.text, signal);
  const { instructions: positions, context, host } = turnPositions(turn, segmentation, encoded);
  measurement.promptTokens = encoded.ids.length;
  measurement.placement = encoded.placement;
  measurement.positions = positions;
  measurement.hostTokens = host;
  const { instructions } = segmentation;
  const planned = { instructions, positions, context, promptTokens: encoded.ids.length };
  const { specs, unmeasured, equalBytes } = planVariants(settings, planned, model.info);
  measurement.unmeasured.push(...unmeasured);
  measurement.equalBytes = equalBytes;

  let prefix: PrefixHandle | undefined;
  try {
    const requests = specs.map(({ request }) => request);
    prefix = await phase('prefill', (done) => model.prefill(encoded.ids, requests, signal, done, decodeOf(settings)));
    await phase('prefill', () => compressAll(model, prefix!, measurement, specs, signal), 'compress');
    if (settings.evidence !== 'retention') {
      const suffixes = await encodeProbes(model, measurement, signal);
      await effects({ model, prefix, measurement, settings, suffixes, signal }, phase);
    }
    measurement.isComplete = true;
  } finally {
    // Keys and values of a long prompt are large; a dead engine has nothing to release.
    if (prefix !== undefined) await model.release(prefix).catch(() => undefined);
  }
}

/** The phases after compression, run in order. */
export type Effects = (measuring: Measuring, phase: PhaseRunner) => Promise<void>;

const auditEffects: Effects = async (measuring, phase) => {
  const { measurement, settings } = measuring;
  await measureLikelihoods(measuring, phase);
  if (settings.evidence !== 'behavior') return;
  measurement.checks = plannedChecks(measurement);
  await phase('behavior', (done) => measureBehavior(measuring, done));
};

/** Everything below sampled answers: what is read from greedy and forced ones. */
export const measureLikelihoods: Effects = async (measuring, phase) => {
  await phase('answers', (done) => measureAnswers(measuring, done));
  await phase('influence', (done) => measureInfluence(measuring, done));
  await phase('influence', (done) => measureNoise(measuring, done), 'noise');
  await phase('loss', (done) => measureLoss(measuring, done));
  await phase('prescribed', (done) => measurePrescribed(measuring, done));
  await phase('responses', (done) => measureResponses(measuring, done));
  await phase('preference', (done) => measurePreference(measuring, done));
  await phase('facts', (done) => measureFacts(measuring, done));
};

async function compressAll(
  model: LanguageModel,
  prefix: PrefixHandle,
  { positions, variants, unmeasured }: Measurement,
  specs: readonly VariantSpec[],
  signal: AbortSignal,
): Promise<void> {
  for (const spec of specs) {
    try {
      const cache = await model.compress(prefix, spec.request, signal);
      variants.push({
        spec,
        cache,
        retention: positions.map((at) => (at.length === 0 ? null : retention(cache.kept, at).mean)),
        loss: positions.map(() => null),
        preference: positions.map(() => null),
        rescue: positions.map(() => null),
        answers: new Map(),
        comparisons: new Map(),
        prescribed: new Map(),
        facts: new Map(),
      });
    } catch (error) {
      const { request: _, ...named } = spec;
      unmeasured.push({ ...named, ...refusal(error) });
    }
  }
}

async function encodeProbes(
  model: LanguageModel,
  { probes, turn }: Measurement,
  signal: AbortSignal,
): Promise<Map<string, Int32Array>> {
  const suffixes = new Map<string, Int32Array>();
  for (const { id, text } of probes) suffixes.set(id, await model.encodeUser(turn.text, text, signal));
  return suffixes;
}
