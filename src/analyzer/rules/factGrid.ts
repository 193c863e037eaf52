import type { FactReport, PromptReport, VariantFact, VariantReport } from '../report.ts';
import { gridOf, gridVariants } from './grid.ts';
import type { RuleSettings } from './rule.ts';

/**
 * What a variant makes of a fact: `unsettled` where it says something else although the fact is hardly less likely than with the
 * full cache.
 */
export const factVerdicts = ['lost', 'unsettled', 'not-measured', 'stated'] as const;
export type FactVerdict = (typeof factVerdicts)[number];

export interface FactCell {
  readonly policy: string;
  readonly ratio: number;
  readonly verdict: FactVerdict;
  readonly variant?: VariantReport;
  readonly measured?: VariantFact;
}

/** What the variants of one policy make of a fact, by ascending ratio. */
export interface FactRow {
  readonly policy: string;
  readonly cells: readonly FactCell[];
  /** The gravest verdict, with the smallest ratio at which it stands. */
  readonly worst: FactCell;
}

/** The facts that compressed caches were asked for, and those that the full cache was asked for and does not state. */
export function askedFacts({ facts = [], variants }: PromptReport): { compared: FactReport[]; unknown: FactReport[] } {
  const asked = new Set(variants.flatMap(({ facts: measured = [] }) => measured.map(({ id }) => id)));
  return {
    compared: facts.filter(({ id }) => asked.has(id)),
    unknown: facts.filter(({ full }) => full !== null && full.outcome !== 'stated'),
  };
}

export function verdictOfFact(measured: VariantFact | undefined): FactVerdict {
  if (measured === undefined) return 'not-measured';
  if (measured.lost) return 'lost';
  return measured.outcome === 'stated' ? 'stated' : 'unsettled';
}

/** All cells that were asked for, measured or not: a row per policy, in the order of the settings. */
export function factGrid(
  prompt: PromptReport,
  fact: string,
  settings: Pick<RuleSettings, 'policies' | 'ratios' | 'caches'>,
): FactRow[] {
  const variants = gridVariants(prompt);
  return gridOf(settings).map(({ policy, ratios }) => {
    const cells = ratios.map((ratio): FactCell => {
      const variant = variants.find((candidate) => candidate.policy === policy && candidate.ratio === ratio);
      const measured = variant?.facts?.find(({ id }) => id === fact);
      return {
        policy,
        ratio,
        verdict: verdictOfFact(measured),
        ...(variant !== undefined && { variant }),
        ...(measured !== undefined && { measured }),
      };
    });
    const worst = factVerdicts.flatMap((verdict) => cells.find((cell) => cell.verdict === verdict) ?? [])[0]!;
    return { policy, cells, worst };
  });
}
