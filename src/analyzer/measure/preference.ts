import type { CompareRow, Comparison } from '../../runtime/languageModel.ts';
import { floorOf, mean, strongestProbe, sum, type VariantMeasurement } from '../measurement.ts';
import type { InstructionProbe } from '../probes/index.ts';
import type { AuditSettings } from '../settings.ts';
import { evidenceTokens, forced, suffixOf, type Measuring, type RowsDone } from './measuring.ts';
import { withoutRange, withPromptText } from './otherText.ts';

/**
 * Least preference of the full cache over the prompt without the instruction, in nats of whole answers, at which its
 * survival says something: below it the difference is noise of the wording.
 */
const leastPreference = 4;

/** An instruction whose answer is compared with the one that the prompt gives without it. */
interface Comparable {
  readonly index: number;
  readonly probe: InstructionProbe;
  readonly withoutIt: Int32Array; // tokens of the answer of the prompt without the instruction
  /** log P(answer with) - log P(answer without), nats: with the full cache and without the instruction. */
  readonly full: number;
  readonly deleted: number;
}

/**
 * What is left of the preference for the answer that an instruction brings about: D = log P(answer with it) - log P(answer of
 * the prompt without it); survival = (D_variant - D_deleted) / (D_full - D_deleted). Common degradation cancels in D. And
 * what restoring the instruction's own entries mends: 1 - KL(full || variant with them) / KL(full || variant).
 *
 * On the strongest probe of each instruction that has influence, under the variants by which it loses some; after their answers.
 */
export async function measurePreference(measuring: Measuring, done: RowsDone): Promise<void> {
  const { measurement, settings } = measuring;
  const { positions, probes } = measurement;
  const compared: Comparable[] = [];
  const influential = [...positions.keys()].flatMap((index) => {
    const strongest = strongestProbe(measurement, index);
    if (strongest === null || strongest.nats < floorOf(measurement, strongest.probe, settings)) return [];
    if (!measurement.variants.some((variant) => isQuestion(variant, index, settings))) return [];
    return [{ index, probe: probes.find(({ id }) => id === strongest.probe)! }];
  });
  for (const { index, probe } of influential) {
    const comparable = await preferenceOf(measuring, index, probe);
    if (comparable !== null) compared.push(comparable);
  }
  await measureVariants(measuring, influential, compared, done);
}

/** Whether there is something to explain: an instruction that loses nothing keeps its effect. */
const isQuestion = ({ loss }: VariantMeasurement, index: number, { weakenedLoss }: AuditSettings): boolean =>
  (loss[index] ?? 0) >= weakenedLoss;

/** Null where both answers are the same, or neither is preferred. */
async function preferenceOf(measuring: Measuring, index: number, probe: InstructionProbe): Promise<Comparable | null> {
  const { model, prefix, measurement, signal } = measuring;
  const { text, segmentation } = measurement;
  const withIt = forced(measuring, probe, { kind: 'none' }).target;
  const rest = withoutRange(text, segmentation.instructions[index]!.range);
  return await withPromptText(model, measurement, rest, signal, async (other) => {
    const suffix = await model.encodeUser(other.text, probe.text, signal);
    const [answer] = await model.generate(
      other.prefix,
      [{ mask: { kind: 'none' }, suffix, maxTokens: evidenceTokens }],
      signal,
    );
    const withoutIt = answer!.ids;
    if (withoutIt.length === 0 || withoutIt.join() === withIt.join()) return null;
    const rows = (of: Int32Array): CompareRow[] =>
      [withIt, withoutIt].map((target) => ({ mask: { kind: 'none' }, suffix: of, target }));
    const full = differenceOf(await model.compare(prefix, rows(suffixOf(measuring, probe)), signal));
    const deleted = differenceOf(await model.compare(other.prefix, rows(suffix), signal));
    return full - deleted < leastPreference ? null : { index, probe, withoutIt, full, deleted };
  });
}

const differenceOf = ([withIt, withoutIt]: readonly Comparison[]): number =>
  sum(withIt!.logProbs) - sum(withoutIt!.logProbs);

async function measureVariants(
  measuring: Measuring,
  influential: readonly { readonly index: number; readonly probe: InstructionProbe }[],
  compared: readonly Comparable[],
  done: RowsDone,
): Promise<void> {
  const { model, prefix, measurement, settings, signal } = measuring;
  const rows: CompareRow[] = [];
  const receivers: ((comparison: Comparison) => void)[] = [];
  for (const variant of measurement.variants) {
    const { variant: cache } = variant.cache;
    for (const { index, probe } of influential) {
      const whole = variant.comparisons.get(probe.id);
      if (whole === undefined || mean(whole.kl) === 0 || !isQuestion(variant, index, settings)) continue;
      const positions = measurement.positions[index]!;
      rows.push(forced(measuring, probe, { kind: 'variant-restored', variant: cache, positions }));
      receivers.push(({ kl }) => {
        variant.rescue[index] = 1 - mean(kl) / mean(whole.kl);
      });
    }
    for (const { index, probe, withoutIt, full, deleted } of compared) {
      const withIt = variant.comparisons.get(probe.id);
      if (withIt === undefined || !isQuestion(variant, index, settings)) continue;
      rows.push({ mask: { kind: 'variant', variant: cache }, suffix: suffixOf(measuring, probe), target: withoutIt });
      receivers.push((without) => {
        variant.preference[index] = (differenceOf([withIt, without]) - deleted) / (full - deleted);
      });
    }
  }
  const comparisons = await model.compare(prefix, rows, signal, done);
  for (const [i, receive] of receivers.entries()) receive(comparisons[i]!);
}
