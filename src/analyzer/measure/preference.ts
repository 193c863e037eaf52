import type { CompareRow, Comparison, Mask } from '../../runtime/languageModel.ts';
import { influentialProbe, mean, sum, type Measurement, type VariantMeasurement } from '../measurement.ts';
import type { InstructionProbe } from '../probes/index.ts';
import type { AuditSettings } from '../settings.ts';
import { ladders } from './ladders.ts';
import { forced, suffixOf, type Measuring, type RowsDone } from './measuring.ts';
import { withoutRange, withPromptText } from './otherText.ts';

/**
 * Least preference of the full cache over the prompt without the instruction, in nats of whole answers, at which its
 * survival says something: below it the difference is noise of the wording.
 */
const leastPreference = 4;
/**
 * Tokens of the two answers that are compared. Answers that an instruction sets apart differ from the start, and over more tokens
 * the difference tells less about behavior.
 */
const openingTokens = 8;

/** An instruction whose answer is compared with the one that the prompt gives without it. */
interface Comparable {
  readonly index: number;
  readonly probe: InstructionProbe;
  readonly withoutIt: Int32Array; // first tokens of the answer of the prompt without the instruction
  /** log P(answer with) - log P(answer without), nats: with the full cache and without the instruction. */
  readonly full: number;
  readonly deleted: number;
}

/**
 * What is left of the preference for the answer that an instruction brings about, by its first tokens: D = log P(answer with it) -
 * log P(answer of the prompt without it); survival = (D_variant - D_deleted) / (D_full - D_deleted). Common degradation cancels in D. And
 * what restoring the instruction's own entries mends: 1 - KL(full || variant with them) / KL(full || variant).
 *
 * On the strongest probe of each instruction that has influence, at the smallest ratio of each policy by which it loses some; after
 * the answers there.
 */
export async function measurePreference(measuring: Measuring, done: RowsDone): Promise<void> {
  const { measurement, settings } = measuring;
  const { positions, probes } = measurement;
  const contrasts: Contrast[] = [];
  const influential = [...positions.keys()].flatMap((index) => {
    const strongest = influentialProbe(measurement, index, settings);
    if (strongest === null) return [];
    if (questionable(measurement, index, settings).length === 0) return [];
    return [{ index, probe: probes.find(({ id }) => id === strongest.probe)! }];
  });
  for (const { index, probe } of influential) {
    const contrast = await contrastOf(measuring, index, probe);
    if (contrast !== null) contrasts.push(contrast);
  }
  await measureVariants(measuring, influential, await comparableOf(measuring, contrasts), done);
}

/** Where there is something to explain: of each policy the smallest ratio at which an instruction loses some of its effect. */
function questionable({ variants }: Measurement, index: number, { weakenedLoss }: AuditSettings): VariantMeasurement[] {
  return ladders(variants).flatMap((ladder) => ladder.find(({ loss }) => (loss[index] ?? 0) >= weakenedLoss) ?? []);
}

/** An answer of the prompt without an instruction, and how much that prompt prefers the answer with it. */
type Contrast = Omit<Comparable, 'full'>;

/** Null where it is the answer with the instruction. */
async function contrastOf(measuring: Measuring, index: number, probe: InstructionProbe): Promise<Contrast | null> {
  const { model, measurement, signal } = measuring;
  const { text, segmentation } = measurement;
  const withIt = forced(measuring, probe, { kind: 'none' }).target.slice(0, openingTokens);
  const rest = withoutRange(text, segmentation.instructions[index]!.range);
  return await withPromptText(model, measurement, rest, signal, async (other) => {
    const suffix = await model.encodeUser(other.text, probe.text, signal);
    const mask: Mask = { kind: 'none' };
    const asked = { mask, suffix, target: withIt };
    const [answer] = await model.answer(other.prefix, [{ ...asked, maxTokens: openingTokens }], signal);
    const withoutIt = answer!.generated.ids;
    if (withoutIt.length === 0 || withoutIt.join() === withIt.join()) return null;
    const [comparison] = await model.compare(other.prefix, [{ ...asked, target: withoutIt }], signal);
    return { index, probe, withoutIt, deleted: differenceOf([answer!.comparison, comparison!]) };
  });
}

/** Those between which the full cache has a preference. */
async function comparableOf(measuring: Measuring, contrasts: readonly Contrast[]): Promise<Comparable[]> {
  const { model, prefix, signal } = measuring;
  const rows = contrasts.flatMap(({ probe, withoutIt }): CompareRow[] => {
    const whole = forced(measuring, probe, { kind: 'none' }); // was forced before
    return [whole, { ...whole, target: withoutIt }];
  });
  const comparisons = await model.compare(prefix, rows, signal);
  return contrasts.flatMap((contrast, i) => {
    const full = differenceOf(comparisons.slice(2 * i, 2 * i + 2));
    return full - contrast.deleted < leastPreference ? [] : [{ ...contrast, full }];
  });
}

/** log P(answer with) - log P(answer without), of their first tokens. */
const differenceOf = ([withIt, withoutIt]: readonly Comparison[]): number =>
  sum(withIt!.logProbs.subarray(0, openingTokens)) - sum(withoutIt!.logProbs);

async function measureVariants(
  measuring: Measuring,
  influential: readonly { readonly index: number; readonly probe: InstructionProbe }[],
  compared: readonly Comparable[],
  done: RowsDone,
): Promise<void> {
  const { model, prefix, measurement, settings, signal } = measuring;
  const rows: CompareRow[] = [];
  const receivers: ((comparison: Comparison) => void)[] = [];
  for (const { index, probe } of influential) {
    for (const variant of questionable(measurement, index, settings)) {
      const whole = variant.comparisons.get(probe.id);
      if (whole === undefined || mean(whole.kl) === 0) continue;
      const positions = measurement.positions[index]!;
      rows.push(forced(measuring, probe, { kind: 'variant-restored', variant: variant.cache.variant, positions }));
      receivers.push(({ kl }) => {
        variant.rescue[index] = 1 - mean(kl) / mean(whole.kl);
      });
    }
  }
  for (const { index, probe, withoutIt, full, deleted } of compared) {
    for (const variant of questionable(measurement, index, settings)) {
      const withIt = variant.comparisons.get(probe.id);
      if (withIt === undefined) continue;
      const mask: Mask = { kind: 'variant', variant: variant.cache.variant };
      rows.push({ mask, suffix: suffixOf(measuring, probe), target: withoutIt });
      receivers.push((without) => {
        variant.preference[index] = (differenceOf([withIt, without]) - deleted) / (full - deleted);
      });
    }
  }
  const comparisons = await model.compare(prefix, rows, signal, done);
  for (const [i, receive] of receivers.entries()) receive(comparisons[i]!);
}
