import { factVerdicts, verdictOfFact, type FactVerdict } from '../facts/factVerdict.ts';
import type { PromptReport, VariantFact, VariantReport } from '../report.ts';
import { gridOf, gridVariants } from './grid.ts';
import type { RuleSettings } from './rule.ts';

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
