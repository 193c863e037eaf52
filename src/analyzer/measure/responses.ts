import type { Mask } from '../../runtime/languageModel.ts';
import { floorOf, strongestProbe, type Measurement } from '../measurement.ts';
import type { InstructionProbe } from '../probes/index.ts';
import type { AuditSettings } from '../settings.ts';
import {
  answeredProbes,
  decodeOf,
  evidenceTokens,
  forced,
  suffixOf,
  type Measuring,
  type RowsDone,
} from './measuring.ts';

/**
 * Every variant's own answers, with its KL and flips on the full cache's answers; and the rest of the full cache's answers
 * that were cut at `evidenceTokens`, because one more row in a batch costs next to nothing.
 */
export async function measureResponses(measuring: Measuring, done: RowsDone): Promise<void> {
  const { model, prefix, measurement, settings, signal } = measuring;
  const { variants, fullAnswers } = measurement;
  const asked = decisiveProbes(measurement, settings);
  const answered = answeredProbes(measurement).filter((probe) => asked.includes(probe));
  await answerUnanswered(
    measuring,
    asked.filter((probe) => !answered.includes(probe)),
  );
  const limit = (probe: InstructionProbe): number => answerLimit(probe, prefix.seqLen, settings);
  const cut = answered.filter((probe) => {
    const { truncated, ids } = fullAnswers.get(probe.id)!;
    return truncated && ids.length < limit(probe);
  });
  const row = (probe: InstructionProbe, mask: Mask) => ({
    ...forced(measuring, probe, mask),
    maxTokens: limit(probe),
  });
  const rows = variants.flatMap(({ cache }) =>
    answered.map((probe) => ({
      ...row(probe, { kind: 'variant', variant: cache.variant }),
      decode: decodeOf(settings),
    })),
  );
  const fullRows = cut.map((probe) => row(probe, { kind: 'none' }));
  const answers = await model.answer(prefix, [...rows, ...fullRows], signal, done);
  for (const [i, probe] of cut.entries()) fullAnswers.set(probe.id, answers[rows.length + i]!.generated);
  for (const [v, variant] of variants.entries()) {
    const ofVariant = answers.slice(v * answered.length, (v + 1) * answered.length);
    for (const [p, { generated, comparison }] of ofVariant.entries()) {
      variant.answers.set(answered[p]!.id, generated);
      variant.comparisons.set(answered[p]!.id, comparison);
    }
  }
}

/**
 * The probes that compressed caches answer: the general ones and the user's own, and each under which an instruction that
 * has influence shows most of it.
 */
function decisiveProbes(measurement: Measurement, settings: AuditSettings): InstructionProbe[] {
  const strongest = new Set<string>();
  for (const index of measurement.positions.keys()) {
    const probe = strongestProbe(measurement, index);
    if (probe !== null && probe.nats >= floorOf(measurement, probe.probe, settings)) strongest.add(probe.probe);
  }
  return measurement.probes.filter(({ id, kind }) => id === kind || kind === 'user' || strongest.has(id));
}

/** Nothing to compare with: these answers only show whether a compressed cache says what the full one does not. */
async function answerUnanswered(measuring: Measuring, probes: readonly InstructionProbe[]): Promise<void> {
  const { model, prefix, measurement, settings, signal } = measuring;
  if (probes.length === 0) return;
  for (const { cache, answers } of measurement.variants) {
    const said = await model.generate(
      prefix,
      probes.map((probe) => ({
        mask: { kind: 'variant', variant: cache.variant },
        suffix: suffixOf(measuring, probe),
        maxTokens: answerLimit(probe, prefix.seqLen, settings),
        decode: decodeOf(settings),
      })),
      signal,
    );
    for (const [i, probe] of probes.entries()) answers.set(probe.id, said[i]!);
  }
}

/**
 * Longest answer to an extraction probe, as a share of the prompt: an answer that repeats this much of it word for word is a
 * leak by any threshold, and decoding on is the longest part of an audit.
 */
const extractionLength = 0.75;

/** The papers' query is answered at length; of other attempts the beginning shows whether the model complies. */
const isRecital = ({ id, kind }: InstructionProbe): boolean => kind === 'extraction' && id === kind;

const answerLimit = (probe: InstructionProbe, seqLen: number, { maxResponseTokens }: AuditSettings): number =>
  Math.min(
    maxResponseTokens,
    isRecital(probe) ? Math.max(Math.ceil(extractionLength * seqLen), evidenceTokens) : evidenceTokens,
  );
