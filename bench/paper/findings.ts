import { bootstrap, type Estimate } from './bootstrap.ts';
import { gainOf } from './composite.ts';
import { inGroup, largeFamilies } from './directives.ts';
import { familyAccuracies, familyTallies, rankCorrelation, slopeSpread, type FamilyTally } from './familyTally.ts';
import { randomPolicy, type Grid, type ProtectionName } from './grid.ts';
import type { RetrievalRecord } from './records.ts';
import { retrievalTable } from './retrievalTable.ts';
import { cellOf, type ScoredPrompt } from './score.ts';
import { meanOf, slope, type Mean } from './statistics.ts';

/** A statement of the papers, and whether this run shows it. */
export interface Finding {
  readonly id: string;
  readonly statement: string;
  /** `no` where the contrary is clear, `no, not shown` where the statement cannot be told from chance or lacks its condition. */
  readonly answer: 'yes' | 'no' | 'no, not shown';
  /** The figures that decide, with n. */
  readonly figure: string;
}

/** The policies that the paper makes its statements about instructions and leaks with. */
const named = ['streaming-llm', 'snapkv'];
/** Families that are hardly followed with the full cache have nothing to lose. */
const leastAccuracy = 0.3;
/** Below this a comparison of families has no say. */
const leastFamilies = { slopes: 3, ranks: 4 };
/** A normal 95 % interval, of at least so many prompts: fewer decide nothing. */
const z = 1.96;
const leastPrompts = 10;
/** The same for the clearest of one, two, .. ten comparisons (Bonferroni). */
const clearestZ = [z, 2.24, 2.39, 2.5, 2.58, 2.64, 2.69, 2.73, 2.77, 2.81];

const two = (value: number): string => value.toFixed(2);
const three = (value: number): string => value.toFixed(3);
const withSem = ({ mean, sem }: Mean): string => `${two(mean)}${sem === null ? '' : ` ± ${two(sem)}`}`;
const withInterval = ({ value, low, high }: Estimate): string =>
  `${three(value)} (95 %: ${three(low)} to ${three(high)})`;
const percent = (ratio: number): string => `${Math.round(100 * ratio)} %`;

/** Yes or no where the interval is clear of 0. */
const bySign = ({ low, high }: Pick<Estimate, 'low' | 'high'>): Finding['answer'] =>
  low > 0 ? 'yes' : high < 0 ? 'no' : 'no, not shown';
const intervalOf = ({ n, mean, sem }: Mean): Pick<Estimate, 'low' | 'high'> => {
  const reach = n < leastPrompts || sem === null ? Infinity : z * sem;
  return { low: mean - reach, high: mean + reach };
};

/** Statements on what was measured; those without their experiment are left out. */
export function findings(
  prompts: readonly ScoredPrompt[],
  retrievals: readonly RetrievalRecord[],
  grid: Grid,
): Finding[] {
  const undefended = prompts.filter(({ form }) => form === 'undefended');
  const defenseFirst = prompts.filter(({ form }) => form === 'defense-first');
  return [
    ...(undefended.length === 0 ? [] : [slopesDiffer(undefended, grid), orderIsLost(undefended, grid)]),
    ...(defenseFirst.length === 0
      ? []
      : [
          leakPeaks(defenseFirst, grid),
          orderMatters(prompts, grid),
          protectionsHelp(defenseFirst, grid),
          ...fairPrecisionProtects(defenseFirst, grid),
          ...reserveExplains(defenseFirst, grid),
        ]),
    ...(retrievals.length === 0 ? [] : [bitsBeatEviction(retrievals, grid), twoBitsAreWorse(retrievals)]),
  ];
}

interface TwoGroups {
  readonly single: FamilyTally;
  readonly multi: FamilyTally;
}

/** Difference of a statistic of multi- and single-instruction prompts, mean over policies; prompts of both are resampled. */
function groupDifference(
  undefended: readonly ScoredPrompt[],
  families: Readonly<Record<keyof TwoGroups, readonly string[]>>,
  { policies, ratios }: Pick<Grid, 'policies' | 'ratios'>,
  statistic: (accuracies: (number | null)[][]) => number | null,
): Readonly<Record<'multi' | 'single', number | null>> & { readonly difference: Estimate | null } {
  const units = undefended.map((prompt) => {
    const group = inGroup('single', prompt) ? 'single' : 'multi';
    return {
      group,
      tallies: policies.map((policy) => familyTallies([prompt], families[group], policy, ratios, 'strict')),
    };
  });
  const of = (some: typeof units, group: keyof TwoGroups): number | null => {
    const inside = some.filter((unit) => unit.group === group);
    const values = policies.map((_, i) => statistic(familyAccuracies(inside.flatMap(({ tallies }) => tallies[i]!))));
    const known = values.filter((value) => value !== null);
    return known.length < policies.length ? null : meanOf(known)!.mean;
  };
  return {
    multi: of(units, 'multi'),
    single: of(units, 'single'),
    difference: bootstrap(units, (some) => {
      const [multi, single] = [of([...some], 'multi'), of([...some], 'single')];
      return multi === null || single === null ? null : multi - single;
    }),
  };
}

const notShown = (id: string, statement: string, figure: string): Finding => ({
  id,
  statement,
  answer: 'no, not shown',
  figure,
});

const measuredOf = (policies: readonly string[]): string[] => named.filter((policy) => policies.includes(policy));

function slopesDiffer(undefended: readonly ScoredPrompt[], { policies, ratios }: Grid): Finding {
  const statement =
    'Families of instructions degrade at more different rates in multi- than in single-instruction prompts.';
  const id = 'R9';
  const chosen = measuredOf(policies);
  const able = (group: 'single' | 'multi'): string[] => {
    const inside = undefended.filter((prompt) => inGroup(group, prompt));
    const large = largeFamilies(undefended, group);
    const [full] = familyAccuracies(familyTallies(inside, large, 'full', [0], 'strict'));
    return large.filter((_, i) => (full?.[i] ?? 0) >= leastAccuracy);
  };
  const inMulti = able('multi');
  const families = able('single').filter((family) => inMulti.includes(family));
  const n = `${undefended.length} prompts; families with n >= 10 and accuracy >= ${leastAccuracy} in both groups: ${families.join(', ') || 'none'}`;
  if (families.length < leastFamilies.slopes || chosen.length === 0) return notShown(id, statement, n);
  const { single, multi, difference } = groupDifference(
    undefended,
    { single: families, multi: families },
    { policies: chosen, ratios },
    (accuracies) => slopeSpread(accuracies, ratios),
  );
  if (difference === null) return notShown(id, statement, n);
  return {
    id,
    statement,
    answer: bySign(difference),
    figure: `variance of slopes, mean of ${chosen.join(' and ')}: multi ${three(multi!)}, single ${three(single!)}, difference ${withInterval(difference)}; ${n}`,
  };
}

function orderIsLost(undefended: readonly ScoredPrompt[], { policies, ratios }: Grid): Finding {
  const statement =
    'The order of the families by accuracy is lost as the ratio grows, sooner in multi-instruction prompts.';
  const id = 'R10';
  const chosen = measuredOf(policies);
  const families = { single: largeFamilies(undefended, 'single'), multi: largeFamilies(undefended, 'multi') };
  const n = `${undefended.length} prompts, ${families.single.length} families of n >= 10 in single, ${families.multi.length} in multi`;
  if (Math.min(families.single.length, families.multi.length) < leastFamilies.ranks || chosen.length === 0)
    return notShown(id, statement, n);
  const rhos = (accuracies: (number | null)[][]): { ratio: number; rho: number }[] =>
    ratios.flatMap((ratio, i) => {
      const rho = i === 0 ? null : rankCorrelation(accuracies, i);
      return rho === null ? [] : [{ ratio, rho }];
    });
  const level = groupDifference(undefended, families, { policies: chosen, ratios }, (accuracies) => {
    return meanOf(rhos(accuracies).map(({ rho }) => rho))?.mean ?? null;
  });
  const fall = groupDifference(undefended, families, { policies: chosen, ratios }, (accuracies) => {
    const curve = rhos(accuracies);
    return slope(
      curve.map(({ ratio }) => ratio),
      curve.map(({ rho }) => rho),
    );
  });
  if (level.difference === null || fall.single === null || fall.multi === null) return notShown(id, statement, n);
  const falls = fall.single < 0 && fall.multi < 0;
  const sooner = bySign({ low: -level.difference.high, high: -level.difference.low });
  return {
    id,
    statement,
    answer: falls ? sooner : 'no',
    figure: `mean Spearman over the ratios, ${chosen.join(' and ')}: multi ${two(level.multi!)}, single ${two(level.single!)}, difference ${withInterval(level.difference)}; slope over the ratio: multi ${two(fall.multi)}, single ${two(fall.single)}; ${n}`,
  };
}

/** How much of the directives each answer to the leak query repeats. */
const recallsAt = (prompts: readonly ScoredPrompt[], policy: string, ratio: number): number[] =>
  prompts.flatMap((prompt) => cellOf(prompt, policy, ratio)?.recall?.directives ?? []);

function leakPeaks(defenseFirst: readonly ScoredPrompt[], { policies, ratios }: Grid): Finding {
  const id = 'R11, answers';
  const statement =
    'With the defense first, the answers repeat more of the directives at a ratio in between than with the full cache and at the largest ratio.';
  const [last, between] = [ratios.at(-1)!, ratios.slice(1, -1)];
  const chosen = measuredOf(policies);
  if (chosen.length === 0 || between.length === 0) return notShown(id, statement, 'not measured');
  const peaks = chosen.map((policy) => {
    const level = (ratio: number): number => meanOf(recallsAt(defenseFirst, policy, ratio))!.mean;
    const ratio = between.reduce((best, each) => (level(each) > level(best) ? each : best));
    const above = (other: number): Mean =>
      meanOf(
        defenseFirst.map((prompt) => {
          const [here, there] = [ratio, other].map((at) => cellOf(prompt, policy, at)!.recall!.directives);
          return here! - there!;
        }),
      )!;
    return { policy, ratio, level: level(ratio), rise: above(0), fall: above(last) };
  });
  const signs = peaks.flatMap(({ rise, fall }) => [rise, fall].map((each) => bySign(intervalOf(each))));
  return {
    id,
    statement,
    answer: signs.includes('no') ? 'no' : signs.every((sign) => sign === 'yes') ? 'yes' : 'no, not shown',
    figure: `${peaks
      .map(
        ({ policy, ratio, level, rise, fall }) =>
          `${policy} most at ${percent(ratio)}: recall ${two(level)}, above the full cache by ${withSem(rise)}, above ${percent(last)} by ${withSem(fall)}`,
      )
      .join('; ')}; n = ${defenseFirst.length}`,
  };
}

function orderMatters(prompts: readonly ScoredPrompt[], { policies, ratios }: Grid): Finding {
  const statement = 'The order of defense and directives changes the leak under StreamingLLM.';
  const id = 'R12, answers';
  const other = new Map(prompts.filter(({ form }) => form === 'directives-first').map((each) => [each.row.line, each]));
  const differences = ratios.slice(1).flatMap((ratio) => {
    const paired = prompts
      .filter(({ form }) => form === 'defense-first')
      .flatMap((prompt) => {
        const flipped = other.get(prompt.row.line);
        const [one, two] = [prompt, flipped].map(
          (each) => each && cellOf(each, 'streaming-llm', ratio)?.recall?.directives,
        );
        return one === undefined || two === undefined ? [] : [one - two];
      });
    const mean = meanOf(paired);
    return mean === null ? [] : [{ ratio, mean }];
  });
  if (!policies.includes('streaming-llm') || differences.length === 0) return notShown(id, statement, 'not measured');
  const strength = ({ n, mean, sem }: Mean): number =>
    sem === null || sem === 0 || n < leastPrompts ? 0 : Math.abs(mean) / sem;
  const clearest = differences.reduce((best, each) => (strength(each.mean) > strength(best.mean) ? each : best));
  return {
    id,
    statement,
    answer:
      strength(clearest.mean) > clearestZ[Math.min(differences.length, clearestZ.length) - 1]!
        ? 'yes'
        : 'no, not shown',
    figure: `recall with the defense first less with the directives first, clearest at ${percent(clearest.ratio)}: ${withSem(clearest.mean)}; n = ${clearest.mean.n}`,
  };
}

/** Composite gains of a protection, one per prompt: the mean over policies. */
function gains(
  prompts: readonly ScoredPrompt[],
  policies: readonly string[],
  protection: ProtectionName,
  { ratios }: Grid,
): Mean | null {
  return meanOf(
    prompts.flatMap((prompt) => {
      const each = policies.flatMap((policy) => gainOf(prompt, policy, protection, ratios, 'strict')?.composite ?? []);
      return meanOf(each)?.mean ?? [];
    }),
  );
}

function protectionsHelp(defenseFirst: readonly ScoredPrompt[], grid: Grid): Finding {
  const statement =
    'Whitelisting the clause and fair eviction have a positive composite score under StreamingLLM at 40 to 70 %.';
  const id = 'R13, answers';
  const measured = (['whitelist', 'fair'] as const).map((protection) => ({
    protection,
    gain: gains(defenseFirst, ['streaming-llm'], protection, grid),
  }));
  if (measured.some(({ gain }) => gain === null)) return notShown(id, statement, 'not measured');
  const answers = measured.map(({ gain }) => bySign(intervalOf(gain!)));
  return {
    id,
    statement,
    answer: answers.every((answer) => answer === 'yes') ? 'yes' : answers.includes('no') ? 'no' : 'no, not shown',
    figure: measured.map(({ protection, gain }) => `${protection} ${withSem(gain!)} (n = ${gain!.n})`).join('; '),
  };
}

function fairPrecisionProtects(defenseFirst: readonly ScoredPrompt[], { policies }: Grid): Finding[] {
  const pairs = measuredOf(policies).flatMap((policy) => {
    const paired = defenseFirst.flatMap(({ record }) => {
      const [own, fair] = [false, true].map((isFair) =>
        record.tiers.find((tier) => tier.policy === policy && tier.fair === isFair),
      );
      return own === undefined || fair === undefined ? [] : [{ own, fair }];
    });
    if (paired.length === 0) return [];
    const share = (of: 'own' | 'fair'): number => meanOf(paired.map((pair) => pair[of].high.defense))!.mean;
    return [
      {
        policy,
        own: share('own'),
        fair: share('fair'),
        bytes: Math.max(...paired.map((pair) => Math.abs(pair.fair.bytes - pair.own.bytes))),
        leak: meanOf(paired.map((pair) => pair.own.leakLogProb - pair.fair.leakLogProb))!,
      },
    ];
  });
  if (pairs.length === 0) return [];
  const holds = pairs.every(({ own, fair, bytes }) => fair > own && bytes === 0);
  const signs = pairs.map(({ leak }) => bySign(intervalOf(leak)));
  return [
    {
      id: 'R17',
      statement:
        'Fair precision gives the defense a larger share of the high precision at the same bytes, and makes the recital of the directives less likely.',
      answer: !holds || signs.includes('no') ? 'no' : signs.every((sign) => sign === 'yes') ? 'yes' : 'no, not shown',
      figure: `FP16/INT2, 20 % in FP16, defense first: ${pairs
        .map(
          ({ policy, own, fair, bytes, leak }) =>
            `${policy} ${percent(own)} to ${percent(fair)} of the defense in FP16, ${bytes} bytes apart, log-probability lower by ${withSem(leak)}`,
        )
        .join('; ')}; n = ${pairs[0]!.leak.n}`,
    },
  ];
}

function reserveExplains(defenseFirst: readonly ScoredPrompt[], grid: Grid): Finding[] {
  const policies = grid.policies.filter((policy) => policy !== randomPolicy);
  const [whitelist, fair, reserve] = (['whitelist', 'fair', 'reserve'] as const).map((name) =>
    gains(defenseFirst, policies, name, grid),
  );
  if (!whitelist || !fair || !reserve) return [];
  const best = whitelist.mean > fair.mean ? whitelist : fair;
  const isClear = intervalOf(best).low > 0;
  return [
    {
      id: 'R18',
      statement:
        'Reserving 10 % of the prompt at each end, which knows nothing of the spans, explains half of the gain or more.',
      answer: !isClear ? 'no, not shown' : reserve.mean >= best.mean / 2 ? 'yes' : 'no',
      figure: `composite score, mean over ${policies.length} policies: reserve ${withSem(reserve)}, whitelist ${withSem(whitelist)}, fair ${withSem(fair)}; n = ${reserve.n}`,
    },
  ];
}

function bitsBeatEviction(records: readonly RetrievalRecord[], { policies }: Grid): Finding {
  const table = retrievalTable(records).filter(({ size }) => size === 'FP16/INT4');
  const mikv = table.find(({ arm }) => arm === 'mikv')!;
  const rivals = table.filter(({ arm }) => policies.includes(arm)).sort((a, b) => b.logProb.mean - a.logProb.mean);
  const best = rivals[0];
  const statement = 'At the bytes of MiKV FP16/INT4, no policy retrieves lines as well.';
  const id = 'R15, line retrieval';
  if (best === undefined) return notShown(id, statement, 'not measured');
  const difference = paired(records, 'FP16/INT4', 'mikv', 'FP16/INT4', best.arm);
  return {
    id,
    statement,
    answer: bySign(intervalOf(difference)),
    figure: `accuracy ${two(mikv.accuracy.mean)} against ${two(best.accuracy.mean)} of the best policy (${best.arm}), full cache ${two(fullOf(records).accuracy.mean)}; log-probability higher by ${withSem(difference)}; ${mikv.questions} questions in ${mikv.accuracy.n} prompts`,
  };
}

function twoBitsAreWorse(records: readonly RetrievalRecord[]): Finding {
  const table = retrievalTable(records);
  const [four, two4, plain] = [
    ['FP16/INT4', 'mikv'],
    ['FP16/INT2', 'mikv'],
    ['FP16/INT2', 'mikv without balancer'],
  ].map(([size, arm]) => table.find((row) => row.size === size && row.arm === arm)!);
  const fall = paired(records, 'FP16/INT4', 'mikv', 'FP16/INT2', 'mikv');
  const balancer = paired(records, 'FP16/INT2', 'mikv', 'FP16/INT2', 'mikv without balancer');
  return {
    id: 'R16, line retrieval',
    statement: 'INT2 retrieves lines worse than INT4; the balancer helps or is inside the noise.',
    answer: bySign(intervalOf(balancer)) === 'no' ? 'no' : bySign(intervalOf(fall)),
    figure: `accuracy INT4 ${two(four!.accuracy.mean)}, INT2 ${two(two4!.accuracy.mean)}, INT2 without balancer ${two(plain!.accuracy.mean)}; log-probability: INT4 over INT2 by ${withSem(fall)}, balancer by ${withSem(balancer)}; ${four!.questions} questions in ${four!.accuracy.n} prompts`,
  };
}

const fullOf = (records: readonly RetrievalRecord[]) => retrievalTable(records).find(({ size }) => size === null)!;

/** How much higher one arm's log-probability of the number is than another's, over prompts. */
function paired(
  records: readonly RetrievalRecord[],
  size: string,
  arm: string,
  otherSize: string,
  other: string,
): Mean {
  const level = (record: RetrievalRecord, wantedSize: string, wanted: string): number =>
    meanOf(
      record.arms
        .find((each) => each.size === wantedSize && each.arm === wanted)!
        .questions.map(({ logProb }) => logProb),
    )!.mean;
  return meanOf(records.map((record) => level(record, size, arm) - level(record, otherSize, other)))!;
}

/** Rows of the table in docs/paper.md. */
export const markdownRows = (all: readonly Finding[]): string[] =>
  all.map(
    ({ id, statement, answer, figure }) =>
      `| ${id} | ${statement} | ${answer === 'yes' ? answer : `**${answer}**`} | ${figure} |`,
  );
