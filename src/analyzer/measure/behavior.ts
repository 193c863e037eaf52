import { chunks } from '../../runtime/simulator/groupBy.ts';
import type { GenerateRow, Mask, PrefixHandle } from '../../runtime/languageModel.ts';
import { passesStrictly } from '../checks/check.ts';
import { effectiveness, effectSurvival, isDecided, isEffective } from '../evidence/effectSurvival.ts';
import { rate, type PassRate } from '../evidence/passRate.ts';
import type { CheckMeasurement, Measurement } from '../measurement.ts';
import type { InstructionProbe } from '../probes/index.ts';
import type { AuditSettings } from '../settings.ts';
import { decodeOf, keepsAll, type Measuring, type RowsDone } from './measuring.ts';
import { withoutRange, withPromptText } from './otherText.ts';
import { measuredRisk } from './riskOf.ts';

/** Longest sampled answer, in tokens: long enough for formats to show, and what most of an audit's time goes into. */
const sampleTokens = 80;
/** A check that passes less often than this with the full cache is one that the model does not follow. */
const followedRate = 0.5;
export const isFollowed = (full: PassRate): boolean => rate(full) >= followedRate;
/** Rates and effects at which half of the samples say that the other half will not change it. */
const hopelessRate = 0.25;
const hopelessEffect = 0.1;
/** A difference this large that is not clear yet is worth as many samples again. */
const promisingEffect = 0.25;
/** Samples of a compressed cache per round, and at most. */
const perRound = 8;
const mostSamples = 64;
/** Rows between two partial results. */
const rowsPerStep = 64;

/** What is asked of one cache in one row each: the seeds from `first` on. */
interface Draws {
  readonly mask: Mask;
  readonly probe: InstructionProbe;
  readonly first: number;
  readonly count: number;
}

/** A compressed cache under one probe, and the effective checks that its answers are judged by. */
interface Cell {
  readonly variant: number;
  readonly probe: InstructionProbe;
  readonly checks: readonly CheckMeasurement[];
}

/**
 * Whether checks that instructions ask for pass: over seeded samples of the full cache, of the prompt without the
 * instruction, and of every compressed cache. The same seeds everywhere, so that caches that agree give the same answers.
 */
export async function measureBehavior(measuring: Measuring, done: RowsDone): Promise<void> {
  const { measurement, settings } = measuring;
  const arms = 2 * measurement.checks.length * settings.samples;
  let spent = 0;
  const told = (samples: number): void => done((spent += samples), arms + settings.sampleBudget);
  await sampleArms(measuring, told);
  await sampleVariants(measuring, told);
}

/** Told how many answers were sampled since. */
type SamplesDone = (samples: number) => void;

const probeOf = ({ probes }: Measurement, { probe }: CheckMeasurement): InstructionProbe =>
  probes.find(({ id }) => id === probe)!;

/**
 * Samples with the full cache and without each instruction. What the model does not follow with the full cache, and what
 * passes as often without the instruction, is not sampled further than shows it.
 */
export async function sampleArms(measuring: Measuring, told: SamplesDone): Promise<void> {
  const { measurement, prefix, settings } = measuring;
  const { samples } = settings;
  const sampler = new Sampling(measuring, prefix, measurement.turn.text);
  const sampleFull = async (checks: readonly CheckMeasurement[], first: number, count: number): Promise<void> => {
    for (const probe of new Set(checks.map((check) => probeOf(measurement, check)))) {
      const [answers] = await sampler.draw([{ mask: { kind: 'none' }, probe, first, count }]);
      for (const check of checks) if (check.probe === probe.id) check.full = judged(check, answers!, check.full);
      told(count);
    }
  };
  const sampleDeleted = async (checks: readonly CheckMeasurement[], first: number, count: number): Promise<void> => {
    for (const instruction of new Set(checks.map((check) => check.instruction))) {
      const own = checks.filter((check) => check.instruction === instruction);
      const probes = [...new Set(own.map((check) => probeOf(measurement, check)))];
      const draws = probes.map((probe) => ({ mask: { kind: 'none' }, probe, first, count }) as const);
      const answers = await sampleWithout(measuring, instruction, draws);
      for (const check of own) {
        const ofProbe = answers[probes.findIndex(({ id }) => id === check.probe)]!;
        check.deleted = judged(check, ofProbe, check.deleted);
      }
      told(probes.length * count);
    }
  };
  const half = Math.ceil(samples / 2);
  const asked = measurement.checks.filter(({ probe }) => probe !== null);
  await sampleFull(asked, 0, half);
  const hopeful = asked.filter(({ full }) => rate(full!) >= hopelessRate);
  await sampleFull(hopeful, half, samples - half);
  const followed = hopeful.filter(({ full }) => isFollowed(full!));
  await sampleDeleted(followed, 0, half);
  const differing = followed.filter((check) => effectiveness(effectOf(check)).value >= hopelessEffect);
  await sampleDeleted(differing, half, samples - half);
  const promising = differing.filter((check) => !isEffective(effectOf(check)) && isPromising(check));
  await sampleFull(promising, samples, samples);
  await sampleDeleted(promising, samples, samples);
}

/** The checks whose instruction makes them pass. */
export const effectiveChecks = ({ checks }: Measurement): CheckMeasurement[] =>
  checks.filter(({ full, deleted }) => full !== null && deleted !== null && isEffective({ full, deleted }));

/**
 * Samples with compressed caches where a check is effective, in rounds, those that the risk score is least sure of first,
 * until the intervals decide on which side of one half an effect is, or the budget is spent.
 */
export async function sampleVariants(measuring: Measuring, told: SamplesDone): Promise<void> {
  const { measurement, prefix, settings } = measuring;
  const sampler = new Sampling(measuring, prefix, measurement.turn.text);
  let budget = settings.sampleBudget;
  let open = cellsOf(measurement).toSorted((a, b) => uncertainty(measurement, b) - uncertainty(measurement, a));
  for (let first = 0; open.length > 0 && first < mostSamples; first += perRound) {
    const affordable = open.slice(0, Math.floor(budget / perRound));
    for (const step of chunks(affordable, rowsPerStep / perRound)) {
      const answers = await sampler.draw(
        step.map(({ variant, probe }) => ({
          mask: { kind: 'variant', variant: measurement.variants[variant]!.cache.variant },
          probe,
          first,
          count: perRound,
        })),
      );
      for (const [i, { variant, checks }] of step.entries()) {
        for (const check of checks) {
          check.compressed.set(variant, judged(check, answers[i]!, check.compressed.get(variant) ?? null));
        }
      }
      budget -= step.length * perRound;
      told(step.length * perRound);
    }
    open = affordable.filter(({ variant, checks }) => checks.some((check) => !isCellDecided(check, variant)));
  }
}

/** How near to a coin the risk of a cell is, at most 0. */
const uncertainty = (measurement: Measurement, { variant, checks }: Cell): number =>
  Math.max(
    ...checks.map(({ instruction }) => -Math.abs(0.5 - (measuredRisk(measurement, instruction, variant) ?? 0.5))),
  );

const effectOf = ({ full, deleted }: CheckMeasurement) => ({ full: full!, deleted: deleted! });
const isPromising = (check: CheckMeasurement): boolean => effectiveness(effectOf(check)).value >= promisingEffect;

const isCellDecided = (check: CheckMeasurement, variant: number): boolean =>
  isDecided(effectSurvival(effectOf(check), check.compressed.get(variant)!)!);

function judged({ check }: CheckMeasurement, answers: readonly string[], before: PassRate | null): PassRate {
  const passed = answers.filter((answer) => passesStrictly(check, answer)).length;
  return { passed: (before?.passed ?? 0) + passed, samples: (before?.samples ?? 0) + answers.length };
}

/** Every changed cache under every probe with effective checks; one that keeps everything as it is has the full cache's rates. */
function cellsOf(measurement: Measurement): Cell[] {
  const effective = effectiveChecks(measurement);
  const probes = [...new Set(effective.map((check) => probeOf(measurement, check)))];
  return [...measurement.variants.entries()].flatMap(([variant, { cache }]) => {
    if (keepsAll(cache)) {
      for (const check of effective) check.compressed.set(variant, check.full!);
      return [];
    }
    return probes.map((probe) => ({ variant, probe, checks: effective.filter((check) => check.probe === probe.id) }));
  });
}

/** Samples answers of the caches over one prefix. */
class Sampling {
  readonly #suffixes = new Map<string, Int32Array>();

  constructor(
    readonly measuring: Pick<Measuring, 'model' | 'settings' | 'signal'>,
    readonly prefix: PrefixHandle,
    readonly system: string,
  ) {}

  /** The answers of each of `draws`, [draws][count]. */
  async draw(draws: readonly Draws[]): Promise<string[][]> {
    const { model, settings, signal } = this.measuring;
    const rows: GenerateRow[] = [];
    for (const { mask, probe, first, count } of draws) {
      const suffix = await this.#suffix(probe);
      for (let sample = 0; sample < count; sample++) {
        rows.push({
          mask,
          suffix,
          maxTokens: Math.min(sampleTokens, settings.maxResponseTokens),
          decode: mask.kind === 'none' ? undefined : decodeOf(settings),
          sampling: { temperature: settings.temperature, seed: seedOf(settings, first + sample) },
        });
      }
    }
    const answers = await model.generate(this.prefix, rows, signal);
    let row = 0;
    return draws.map(({ count }) => answers.slice(row, (row += count)).map(({ text }) => text));
  }

  async #suffix(probe: InstructionProbe): Promise<Int32Array> {
    const { model, signal } = this.measuring;
    const known = this.#suffixes.get(probe.id) ?? (await model.encodeUser(this.system, probe.text, signal));
    this.#suffixes.set(probe.id, known);
    return known;
  }
}

const seedOf = ({ seed }: AuditSettings, sample: number): number => (seed * 65_537 + sample) % 2 ** 31;

/** Answers of the full cache of the prompt without one instruction. */
async function sampleWithout(measuring: Measuring, instruction: number, draws: readonly Draws[]): Promise<string[][]> {
  const { model, measurement, signal } = measuring;
  const { text, segmentation } = measurement;
  const rest = withoutRange(text, segmentation.instructions[instruction]!.range);
  return await withPromptText(model, measurement, rest, signal, (other) =>
    new Sampling(measuring, other.prefix, other.text).draw(draws),
  );
}
