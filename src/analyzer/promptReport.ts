import { createHash } from 'node:crypto';
import { flipShare, type Generated } from '../runtime/languageModel.ts';
import { effectiveness, effectSurvival, isEffective } from './evidence/effectSurvival.ts';
import { computeLeak, largestOfEach, leakFloor } from './evidence/leak.ts';
import { LineIndex, toFileRange } from './fileRanges.ts';
import { factReports, variantFacts } from './factReports.ts';
import type { PassRate } from './evidence/passRate.ts';
import { effectiveChecks, isFollowed } from './measure/behavior.ts';
import { measuredRisk } from './measure/riskOf.ts';
import { floorOf, mean, strongestProbe, sum, type Measurement, type VariantMeasurement } from './measurement.ts';
import type { AuditInput } from './outcome.ts';
import type { InstructionProbe } from './probes/index.ts';
import type {
  InstructionReport,
  Leak,
  PromptReport,
  ResponseReport,
  VariantInstruction,
  VariantReport,
} from './report.ts';
import type { AuditSettings } from './settings.ts';
import { truncationsOf } from './truncation.ts';
import { verdictOf, type BehaviorEvidence } from './verdict.ts';

/** What a measurement says so far, in the terms of the report. `reason` tells why it is not complete. */
export function promptReport(
  { prompt, fileText }: AuditInput,
  measurement: Measurement,
  settings: AuditSettings,
  reason: string | null,
): PromptReport {
  const { segmentation, conflicts, probes, positions, variants, unmeasured, equalBytes, fullAnswers } = measurement;
  const lines = new LineIndex(fileText);
  const started = variants.length > 0;
  const leaks = new LeakTable(measurement);
  const truncations = truncationsOf(prompt, fileText);
  return {
    uri: prompt.uri,
    source: prompt.source,
    textHash: createHash('sha256').update(prompt.text).digest('hex'),
    range: toFileRange(prompt, { start: 0, end: prompt.text.length }, lines),
    status: measurement.isComplete ? 'measured' : started ? 'partial' : 'not-measured',
    statusReason: measurement.isComplete ? null : (reason ?? 'still being measured'),
    promptTokens: measurement.promptTokens,
    notes: [...(prompt.notes ?? []), ...placementNotes(measurement)],
    ...(prompt.host === undefined ? {} : { host: { title: prompt.host.title, ...measurement.hostTokens } }),
    ...(truncations.length === 0 ? {} : { truncations }),
    ...(conflicts.length === 0 ? {} : { conflicts }),
    fullLeak: leaks.largest(fullAnswers),
    ...leakFloorOf(measurement),
    instructions: segmentation.instructions.map((instruction, i) => {
      const at = positions[i];
      return {
        id: instruction.id,
        kind: instruction.kind,
        text: instruction.text,
        strong: instruction.strong,
        strength: instruction.strength,
        mustHold: instruction.mustHold,
        suppressedRules: [...instruction.suppressedRules],
        range: toFileRange(prompt, instruction.range, lines),
        tokens: at === undefined || at.length === 0 ? null : [at[0]!, at[at.length - 1]! + 1],
        influence: strongestProbe(measurement, i),
        influences: influencesOf(measurement, i),
        checks: checksOf(measurement, i),
      };
    }),
    ignored: segmentation.ignored.length,
    suppressedRules: [...segmentation.suppressedRules],
    markerProblems: segmentation.markerProblems.map(({ range, message, hint }) => ({
      range: toFileRange(prompt, range, lines),
      message,
      hint: hint ?? null,
    })),
    probes: probes.map(({ id, kind, text, for: members }) => ({
      id,
      kind,
      text,
      for: members.map((index) => segmentation.instructions[index]!.id),
      response: fullAnswers.get(id)?.text ?? null,
      noise: measurement.noise.get(id) ?? null,
    })),
    ...factReports(prompt, measurement, lines),
    variants: variants.map((_, index) => variantReport(measurement, leaks, index, settings)),
    unmeasured: [...unmeasured],
    equalBytes: equalBytes.map(({ size, arms }) => ({ size, arms: [...arms] })),
    fixes: [],
  };
}

/** What the refusal that the prompt prescribes scores as a leak. */
function leakFloorOf({ text, segmentation, prescribed }: Measurement): Pick<PromptReport, 'leakFloor'> {
  const refusals = prescribed.filter(({ instruction }) => segmentation.instructions[instruction]!.kind === 'defense');
  const floors = refusals.flatMap((refusal) => leakFloor(text, segmentation, refusal.text) ?? []);
  return floors.length === 0 ? {} : { leakFloor: Math.max(...floors) };
}

function influencesOf({ influences }: Measurement, index: number): Record<string, number> {
  const measured = [...influences].flatMap(([probe, profiles]) => {
    const profile = profiles[index] ?? null;
    return profile === null ? [] : [[probe, mean(profile)] as const];
  });
  return Object.fromEntries(measured);
}

/** How far a variant is from the full cache on its answers, over all tokens of all probes. */
function distance({ comparisons }: VariantMeasurement): Pick<VariantReport, 'meanKl' | 'flips'> {
  const all = [...comparisons.values()];
  const tokens = all.reduce((total, { kl }) => total + kl.length, 0);
  if (tokens === 0) return { meanKl: null, flips: null };
  return {
    meanKl: all.reduce((total, { kl }) => total + sum(kl), 0) / tokens,
    flips: all.reduce((total, comparison) => total + flipShare(comparison) * comparison.kl.length, 0) / tokens,
  };
}

function placementNotes({ placement }: Measurement): string[] {
  if (placement !== 'first-user-message') return [];
  return [
    'This model has no system role: the prompt stands at the beginning of the first user message, and what is compressed ends with it.',
  ];
}

function variantReport(
  measurement: Measurement,
  leaks: LeakTable,
  variantIndex: number,
  settings: AuditSettings,
): VariantReport {
  const variant = measurement.variants[variantIndex]!;
  const { spec, cache, answers } = variant;
  const { request: _, ...named } = spec;
  return {
    ...named,
    keptTokens: cache.keptTokens,
    bytes: cache.bytes,
    bookkeepingBytes: cache.bookkeepingBytes,
    fullBytes: cache.fullBytes,
    ...distance(variant),
    notes: [...cache.notes],
    instructions: measurement.segmentation.instructions.map((_, i) =>
      instructionCell(measurement, leaks, variantIndex, i, settings),
    ),
    responses: measurement.probes.flatMap((probe) => {
      const answer = answers.get(probe.id);
      return answer === undefined ? [] : [response(probe, answer, leaks)];
    }),
    ...variantFacts(measurement, variant),
  };
}

function instructionCell(
  measurement: Measurement,
  leaks: LeakTable,
  variantIndex: number,
  index: number,
  settings: AuditSettings,
): VariantInstruction {
  const variant = measurement.variants[variantIndex]!;
  const strongest = strongestProbe(measurement, index);
  const retention = variant.retention[index] ?? null;
  const loss = variant.loss[index] ?? null;
  const instruction = measurement.segmentation.instructions[index]!;
  const survivals = survivalsOf(measurement, index, variantIndex);
  const full = strongest === null ? undefined : measurement.fullAnswers.get(strongest.probe);
  const compressed = strongest === null ? undefined : variant.answers.get(strongest.probe);
  const flipped = strongest === null ? undefined : variant.comparisons.get(strongest.probe)?.flipped;
  const answerChanged =
    full === undefined || compressed === undefined
      ? (flipped?.some((flip) => flip === 1) ?? null)
      : full.text !== compressed.text;
  const arms = measurement.prescribedArms.get(index);
  const prescribed = arms === undefined ? null : { ...arms, logProb: variant.prescribed.get(index) ?? null };
  return {
    id: instruction.id,
    retention,
    loss,
    lossProbe: loss === null ? null : (strongest?.probe ?? null),
    preference: variant.preference[index] ?? null,
    rescue: variant.rescue[index] ?? null,
    risk: measuredRisk(measurement, index, variantIndex),
    checks: survivals.map(({ check, compressed, survival }) => ({ check: check.check.id, compressed, survival })),
    ...(prescribed === null ? {} : { prescribed }),
    ...verdictOf(
      {
        tokens: measurement.positions[index]?.length ?? 0,
        retention,
        keptShare: variant.cache.keptTokens / measurement.promptTokens!,
        influence: strongest?.nats ?? null,
        floor: floorOf(measurement, strongest?.probe, settings),
        isProbed: measurement.probes.some(({ for: members }) => members.includes(index)),
        behavior: behaviorOf(measurement, index, survivals),
        loss,
        disclosed: instruction.kind === 'defense' ? disclosure(measurement, leaks, variant, settings) : null,
        prescribed,
        answerChanged,
      },
      settings,
    ),
  };
}

/** Checks of an instruction that are effective and were sampled under a variant. */
function survivalsOf({ checks }: Measurement, instruction: number, variant: number) {
  return checks.flatMap((check) => {
    const compressed = check.compressed.get(variant);
    if (check.instruction !== instruction || compressed === undefined) return [];
    const survival = effectSurvival({ full: check.full!, deleted: check.deleted! }, compressed);
    return survival === undefined ? [] : [{ check, compressed, survival }];
  });
}

/** The check of which least is left; null where none is effective. */
function behaviorOf(
  measurement: Measurement,
  instruction: number,
  survivals: ReturnType<typeof survivalsOf>,
): BehaviorEvidence | null {
  const [worst] = survivals.toSorted((a, b) => a.survival.value - b.survival.value);
  if (worst !== undefined) {
    const { check, compressed, survival } = worst;
    return { full: check.full!, deleted: check.deleted!, compressed, survival };
  }
  return effectiveChecks(measurement).some((check) => check.instruction === instruction) ? 'not-sampled' : null;
}

function checksOf({ checks }: Measurement, instruction: number): InstructionReport['checks'] {
  return checks
    .filter((check) => check.instruction === instruction)
    .map(({ check, probe, full, deleted }) => ({
      check: check.id,
      asks: check.description,
      probe,
      status: statusOf(full, deleted),
      full,
      deleted,
      effectiveness: full === null || deleted === null ? null : effectiveness({ full, deleted }),
    }));
}

function statusOf(full: PassRate | null, deleted: PassRate | null): InstructionReport['checks'][number]['status'] {
  if (full === null) return 'not-sampled';
  if (!isFollowed(full)) return 'not-followed';
  // Where sampling has not come so far, or was cancelled.
  if (deleted === null) return 'not-sampled';
  return isEffective({ full, deleted }) ? 'effective' : 'not-effective';
}

/** What a variant discloses, if compression alone makes this prompt leak: only then does its defense show an effect. */
function disclosure(
  { fullAnswers, variants }: Measurement,
  leaks: LeakTable,
  { answers }: VariantMeasurement,
  { leakThreshold }: AuditSettings,
) {
  const full = leaks.largest(fullAnswers)?.directives;
  const recall = leaks.largest(answers)?.directives;
  if (full === undefined || recall === undefined || full >= leakThreshold) return null;
  const leaksSomewhere = variants.some((other) => (leaks.largest(other.answers)?.directives ?? 0) >= leakThreshold);
  return leaksSomewhere ? { recall, leaks: recall >= leakThreshold } : null;
}

function response(probe: InstructionProbe, answer: Generated, leaks: LeakTable): ResponseReport {
  const { text, truncated } = answer;
  return { probe: probe.id, text, truncated, leak: probe.kind === 'extraction' ? leaks.of(answer) : null };
}

/** Leaks of answers, each computed once: recall over a long prompt is not free. */
class LeakTable {
  readonly #leaks = new Map<Generated, Leak | null>();

  constructor(readonly measurement: Measurement) {}

  of(answer: Generated): Leak | null {
    const known = this.#leaks.get(answer);
    if (known !== undefined) return known;
    const leak = computeLeak(this.measurement.text, this.measurement.segmentation, answer.text);
    this.#leaks.set(answer, leak);
    return leak;
  }

  /** Each measure at its largest over the extraction probes that were answered. */
  largest(answers: ReadonlyMap<string, Generated>): Leak | null {
    const leaks = this.measurement.probes.flatMap(({ id, kind }) => {
      const answer = kind === 'extraction' ? answers.get(id) : undefined;
      return (answer === undefined ? null : this.of(answer)) ?? [];
    });
    return largestOfEach(leaks);
  }
}
