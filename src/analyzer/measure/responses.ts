import { influentialProbe, type Measurement, type VariantMeasurement } from '../measurement.ts';
import type { InstructionProbe } from '../probes/index.ts';
import type { AuditSettings } from '../settings.ts';
import { answeredProbes, decodeOf, shownTokens, forced, suffixOf, type Measuring, type RowsDone } from './measuring.ts';

/**
 * Every variant's KL and flips on the full cache's answers, and its own answers where they say something; and the rest of the
 * full cache's answers that were cut at `shownTokens`, because one more row in a batch costs next to nothing.
 */
export async function measureResponses(measuring: Measuring, done: RowsDone): Promise<void> {
  const { model, prefix, measurement, settings, signal } = measuring;
  const { variants, fullAnswers } = measurement;
  const strongest = measurement.positions.map((_, index) => influentialProbe(measurement, index, settings)?.probe);
  const asked = decisiveProbes(measurement, strongest);
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
  const decode = decodeOf(settings);
  const cells = variants.flatMap((variant) =>
    answered.map((probe) => ({
      variant,
      probe,
      row: forced(measuring, probe, { kind: 'variant', variant: variant.cache.variant }),
      // What is evicted while an answer is generated shows in answers only.
      says: decode !== undefined || saysSomething(variant, probe, strongest, settings),
    })),
  );
  const spoken = cells.filter(({ says }) => says);
  const silent = cells.filter(({ says }) => !says);
  const total = cells.length;
  const compared = await model.compare(
    prefix,
    silent.map((cell) => cell.row),
    signal,
    (rows) => done(rows, total),
  );
  for (const [i, { variant, probe }] of silent.entries()) variant.comparisons.set(probe.id, compared[i]!);
  const answers = await model.answer(
    prefix,
    [
      ...spoken.map((cell) => ({
        ...cell.row,
        maxTokens: limit(cell.probe),
        decode,
        isRecital: isRecital(cell.probe),
      })),
      ...cut.map((probe) => ({
        ...forced(measuring, probe, { kind: 'none' }),
        maxTokens: limit(probe),
        isRecital: isRecital(probe),
      })),
    ],
    signal,
    (rows) => done(silent.length + rows, total + cut.length),
  );
  for (const [i, { variant, probe }] of spoken.entries()) {
    const { generated, comparison } = answers[i]!;
    variant.answers.set(probe.id, generated);
    variant.comparisons.set(probe.id, comparison);
  }
  for (const [i, probe] of cut.entries()) fullAnswers.set(probe.id, answers[spoken.length + i]!.generated);
}

/**
 * The probes on which compressed caches are compared with the full one: the papers' query, the user's own probes, and each under
 * which an instruction that has influence shows most of it.
 */
function decisiveProbes({ probes }: Measurement, strongest: StrongestProbes): InstructionProbe[] {
  return probes.filter((probe) => isRecital(probe) || probe.kind === 'user' || strongest.includes(probe.id));
}

/** The strongest probe of each instruction, [instructions]; undefined where it has no influence. */
type StrongestProbes = readonly (string | undefined)[];

/**
 * Whether a variant's own answer is worth its time: it shows whether the prompt leaks, the user asked for it, or an instruction
 * that should show in it has lost some of its effect. Where it has not, the flips say whether the answer is the full cache's.
 */
function saysSomething(
  { loss }: VariantMeasurement,
  { id, kind }: InstructionProbe,
  strongest: StrongestProbes,
  { weakenedLoss }: AuditSettings,
): boolean {
  if (kind === 'extraction' || kind === 'user') return true;
  return strongest.some((probe, index) => probe === id && (loss[index] ?? 0) >= weakenedLoss);
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
    isRecital(probe) ? Math.max(Math.ceil(extractionLength * seqLen), shownTokens) : shownTokens,
  );
