import { isDeepStrictEqual } from 'node:util';
import type { BoundCheck } from '../../src/analyzer/checks/check.ts';
import { instructionChecks } from '../../src/analyzer/checks/instructionChecks.ts';
import { effectiveChecks, sampleArms, sampleVariants } from '../../src/analyzer/measure/behavior.ts';
import { measureLikelihoods, measurePrompt, type Effects } from '../../src/analyzer/measure/measurePrompt.ts';
import { emptyMeasurement, mean, type CheckMeasurement, type Measurement } from '../../src/analyzer/measurement.ts';
import type { Instruction, Prompt } from '../../src/analyzer/prompt.ts';
import type { AuditSettings } from '../../src/analyzer/settings.ts';
import type { LanguageModel } from '../../src/runtime/languageModel.ts';
import type { IfevalRow } from '../ifevalRows.ts';
import type { RowRecord } from './records.ts';

/** What "The Pitfalls of KV Cache Compression" puts before every system message of its benchmark. */
const prepended =
  'You are a helpful assistant. If you receive a valid user request, please respond while adhering to the following guidelines:';

const never = new AbortController().signal;
const probeId = 'sample';

/** Measures one row as an audit with evidence of behavior does, with the row's user message as the only probe. */
export async function measureRow(model: LanguageModel, row: IfevalRow, settings: AuditSettings): Promise<RowRecord> {
  const prompt: Prompt = {
    uri: row.key,
    source: 'bench',
    text: row.system,
    segments: [],
    host: { before: prepended, after: '', title: 'the wrapper of the benchmark' },
  };
  const empty = emptyMeasurement(prompt, settings);
  const all = [...empty.segmentation.instructions.keys()];
  const measurement: Measurement = {
    ...empty,
    probes: [{ id: probeId, kind: 'sample', text: row.user, for: all }],
    checks: checksOf(row, empty),
  };
  await measurePrompt(model, measurement, settings, never, () => undefined, {}, effects);
  return recordOf(row, measurement);
}

/** The checks are the row's own, and nothing is measured where none of them is effective. */
const effects: Effects = async (measuring, phase) => {
  await sampleArms(measuring, () => undefined);
  if (effectiveChecks(measuring.measurement).length === 0) return;
  await measureLikelihoods(measuring, phase);
  await sampleVariants(measuring, () => undefined);
};

/** The row's own checks, each at the instruction whose wording asks for it. */
export function checksOf({ instructions, system }: IfevalRow, { segmentation }: Measurement): CheckMeasurement[] {
  const recognised = instructionChecks(system, segmentation);
  const recognisedAt = ({ id, kwargs }: BoundCheck): number | undefined => {
    const sameId = recognised.filter((each) => each.id === id);
    return (sameId.find((each) => isDeepStrictEqual(each.kwargs, kwargs)) ?? sameId[0])?.instruction;
  };
  /** The instruction that holds most of a text. */
  const named = (text: string): number | undefined => {
    const start = system.indexOf(text);
    if (start < 0) return undefined;
    const shared = ({ range }: Instruction): number =>
      Math.min(range.end, start + text.length) - Math.max(range.start, start);
    const [best] = [...segmentation.instructions.entries()].toSorted(([, a], [, b]) => shared(b) - shared(a));
    return best === undefined || shared(best[1]) <= 0 ? undefined : best[0];
  };
  return instructions.flatMap(({ check, text }) => {
    const instruction = text === undefined ? recognisedAt(check) : named(text);
    if (instruction === undefined) return [];
    return [{ instruction, check, probe: probeId, full: null, deleted: null, compressed: new Map() }];
  });
}

function recordOf(row: IfevalRow, measurement: Measurement): RowRecord {
  const { segmentation, positions, influences, noise, promptTokens, variants, checks } = measurement;
  const profiles = influences.get(probeId) ?? [];
  return {
    unit: String(row.line),
    key: row.key,
    asked: row.instructions.length,
    promptTokens: promptTokens!,
    noise: noise.get(probeId) ?? null,
    instructions: segmentation.instructions.map(({ kind, strength }, index) => ({
      kind,
      strength,
      tokens: positions[index]!.length,
      start: positions[index]![0] ?? 0,
      profile: rounded(profiles[index] ?? new Float32Array()),
      influence: mean(profiles[index] ?? new Float32Array()),
    })),
    checks: checks.map(({ instruction, check, full, deleted }) => ({ instruction, id: check.id, full, deleted })),
    variants: variants.map((variant, index) => {
      const comparison = variant.comparisons.get(probeId);
      return {
        policy: variant.spec.policy,
        ratio: variant.spec.ratio,
        kept: variant.cache.keptTokens / promptTokens!,
        kl: rounded(comparison?.kl ?? new Float32Array()),
        flipped: [...(comparison?.flipped ?? [])],
        logProbs: rounded(comparison?.logProbs ?? new Float32Array()),
        retention: [...variant.retention],
        loss: [...variant.loss],
        preference: [...variant.preference],
        rescue: [...variant.rescue],
        compressed: checks.map(({ compressed }) => compressed.get(index) ?? null),
      };
    }),
  };
}

const rounded = (values: Float32Array): number[] => Array.from(values, (value) => Number(value.toPrecision(5)));
