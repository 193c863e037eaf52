import { createHash } from 'node:crypto';
import type { Generated } from '../runtime/languageModel.ts';
import { computeLeak } from './evidence/leak.ts';
import { LineIndex, toFileRange } from './fileRanges.ts';
import { strongestProbe, type Measurement, type VariantMeasurement } from './measurement.ts';
import type { AuditInput } from './outcome.ts';
import type { Probe } from './probes.ts';
import type { Leak, PromptReport, ResponseReport, VariantInstruction, VariantReport } from './report.ts';
import type { AuditSettings } from './settings.ts';
import { verdictOf } from './verdict.ts';

/** The name of a variant in reports. */
export const variantId = (policy: string, ratio: number): string => `${policy}@${ratio}`;

/** What a measurement says so far, in the terms of the report. `reason` tells why it is not complete. */
export function promptReport(
  { prompt, fileText }: AuditInput,
  measurement: Measurement,
  settings: AuditSettings,
  reason: string | null,
): PromptReport {
  const { segmentation, probes, positions, variants, fullAnswers, influences } = measurement;
  const lines = new LineIndex(fileText);
  const started = variants.length > 0;
  return {
    uri: prompt.uri,
    source: prompt.source,
    textHash: createHash('sha256').update(prompt.text).digest('hex'),
    range: toFileRange(prompt, { start: 0, end: prompt.text.length }, lines),
    status: measurement.isComplete ? 'measured' : started ? 'partial' : 'not-measured',
    statusReason: measurement.isComplete ? null : (reason ?? 'still being measured'),
    promptTokens: measurement.promptTokens,
    fullLeak: largestLeak(leaksOf(measurement, fullAnswers)),
    instructions: segmentation.instructions.map((instruction, i) => {
      const at = positions[i];
      return {
        id: instruction.id,
        kind: instruction.kind,
        text: instruction.text,
        strong: instruction.strong,
        range: toFileRange(prompt, instruction.range, lines),
        tokens: at === undefined || at.length === 0 ? null : [at[0]!, at[at.length - 1]! + 1],
        influence: strongestProbe(measurement, i),
        influences: Object.fromEntries([...influences].map(([probe, nats]) => [probe, nats[i]!])),
      };
    }),
    probes: probes.map(({ id, kind, text }) => ({ id, kind, text, response: fullAnswers.get(id)?.text ?? null })),
    variants: variants.map((variant) => variantReport(measurement, variant, settings)),
    fixes: [],
  };
}

function variantReport(measurement: Measurement, variant: VariantMeasurement, settings: AuditSettings): VariantReport {
  const { cache, answers } = variant;
  return {
    id: variantId(variant.policy, variant.ratio),
    policy: variant.policy,
    ratio: variant.ratio,
    protection: null,
    keptTokens: cache.keptTokens,
    bytes: cache.bytes,
    fullBytes: cache.fullBytes,
    meanKl: variant.meanKl,
    flips: variant.flips,
    notes: [...cache.notes],
    instructions: measurement.segmentation.instructions.map((_, i) =>
      instructionCell(measurement, variant, i, settings),
    ),
    responses: measurement.probes.flatMap((probe) => {
      const answer = answers.get(probe.id);
      return answer === undefined ? [] : [response(measurement, probe, answer)];
    }),
  };
}

function instructionCell(
  measurement: Measurement,
  variant: VariantMeasurement,
  index: number,
  settings: AuditSettings,
): VariantInstruction {
  const strongest = strongestProbe(measurement, index);
  const retention = variant.retention[index] ?? null;
  const loss = variant.loss[index] ?? null;
  const full = strongest === null ? undefined : measurement.fullAnswers.get(strongest.probe);
  const compressed = strongest === null ? undefined : variant.answers.get(strongest.probe);
  return {
    id: measurement.segmentation.instructions[index]!.id,
    retention,
    loss,
    lossProbe: loss === null ? null : (strongest?.probe ?? null),
    ...verdictOf(
      {
        tokens: measurement.positions[index]?.length ?? 0,
        retention,
        keptShare: variant.cache.keptTokens / measurement.promptTokens!,
        influence: strongest?.nats ?? null,
        loss,
        answerChanged: full === undefined || compressed === undefined ? null : full.text !== compressed.text,
      },
      settings,
    ),
  };
}

function response(measurement: Measurement, probe: Probe, { text, truncated }: Generated): ResponseReport {
  const leak = probe.kind === 'extraction' ? computeLeak(measurement.text, measurement.segmentation, text) : null;
  return { probe: probe.id, text, truncated, leak };
}

function leaksOf(measurement: Measurement, answers: ReadonlyMap<string, Generated>): Leak[] {
  return measurement.probes.flatMap((probe) => {
    const answer = answers.get(probe.id);
    const leak = answer === undefined ? null : response(measurement, probe, answer).leak;
    return leak === null ? [] : [leak];
  });
}

const largestLeak = (leaks: readonly Leak[]): Leak | null =>
  leaks.reduce<Leak | null>((most, leak) => (most === null || leak.directives > most.directives ? leak : most), null);
