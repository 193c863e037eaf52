import type { PromptReport, VariantInstruction, VariantReport, Verdict } from '../report.ts';
import type { RuleSettings } from './rule.ts';

type GridSettings = Pick<RuleSettings, 'policies' | 'ratios' | 'caches'>;

/** What rules look at, in the order of the settings: each policy with its ratios, each other cache with the ratio 0. */
export function gridOf({ policies, ratios, caches }: GridSettings): { policy: string; ratios: readonly number[] }[] {
  const ascending = ratios.toSorted((a, b) => a - b);
  return [
    ...policies.map((policy) => ({ policy, ratios: ascending })),
    ...caches.map((policy) => ({ policy, ratios: [0] })),
  ];
}

/** Variants that rules look at: caches as they would be without protections, at the ratios of the settings. */
export const gridVariants = ({ variants }: PromptReport): VariantReport[] =>
  variants.filter(({ protection, comparedAt }) => protection === null && comparedAt === null);

/** What the audit says of one instruction under one variant; `not-measured` where it says nothing. */
export interface Cell {
  readonly policy: string;
  readonly ratio: number;
  readonly verdict: Verdict;
  readonly variant?: VariantReport;
  readonly measured?: VariantInstruction;
}

/** The cells of one instruction under one policy, by ascending ratio. */
export interface PolicyRow {
  readonly policy: string;
  readonly cells: readonly Cell[];
}

/** From bad to good; `not-measured` stands above `held`, so a row with a gap is never called held. */
const worstFirst: readonly Verdict[] = ['evicted', 'ignored', 'weakened', 'not-measured', 'inert', 'held'];

/** All cells that were asked for, measured or not: a row per policy, in the order of the settings. */
export function instructionGrid(prompt: PromptReport, instruction: string, settings: GridSettings): PolicyRow[] {
  const variants = gridVariants(prompt);
  return gridOf(settings).map(({ policy, ratios }) => ({
    policy,
    cells: ratios.map((ratio): Cell => {
      const variant = variants.find((candidate) => candidate.policy === policy && candidate.ratio === ratio);
      const measured = variant?.instructions.find(({ id }) => id === instruction);
      return {
        policy,
        ratio,
        verdict: measured?.verdict ?? 'not-measured',
        ...(variant !== undefined && { variant }),
        ...(measured !== undefined && { measured }),
      };
    }),
  }));
}

/** The first cell of a row with this verdict: the breaking cell, for a verdict that means loss. */
export function firstWith(row: PolicyRow, verdict: Verdict): Cell | undefined {
  return row.cells.find((cell) => cell.verdict === verdict);
}

/** The worst verdict of a row, with the smallest ratio at which it stands. */
export function worstOf(row: PolicyRow): Cell {
  for (const verdict of worstFirst) {
    const cell = firstWith(row, verdict);
    if (cell !== undefined) return cell;
  }
  return { policy: row.policy, ratio: 0, verdict: 'not-measured' };
}

/** The cell whose evidence a message quotes: the largest loss, then the smallest ratio. */
export function clearest(cells: readonly Cell[]): Cell | undefined {
  return cells.toSorted((a, b) => (b.measured?.loss ?? -1) - (a.measured?.loss ?? -1) || a.ratio - b.ratio)[0];
}
