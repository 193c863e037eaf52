import { settingsOf } from '../../src/analyzer/settingsOf.ts';
import type {
  InstructionReport,
  PromptReport,
  Report,
  VariantInstruction,
  VariantReport,
} from '../../src/analyzer/report.ts';
import { isLost } from '../../src/analyzer/variants/comparison.ts';
import { policyName } from './format.ts';

/** One column of the matrix. `variant` is null when the audit was to measure it and did not. */
export interface Column {
  readonly id: string;
  readonly policy: string;
  /** What stands above the columns of one policy under one protection. */
  readonly group: string;
  readonly ratio: number;
  readonly variant: VariantReport | null;
}

/** Variants of the matrix; those of a comparison at equal bytes have a table of their own. */
export const matrixVariants = ({ variants }: PromptReport): VariantReport[] =>
  variants.filter(({ comparedAt }) => comparedAt === null);

/** Policies and caches in the order of the settings, then those that some prompts have as well. */
export const policiesOf = (report: Report): string[] => [
  ...new Set([
    ...report.settings.policies,
    ...report.settings.caches,
    ...report.prompts.flatMap((prompt) => ownPolicies(report, prompt)),
  ]),
];

const ownPolicies = (report: Report, prompt: PromptReport): string[] => {
  const { policies, caches } = settingsOf(report, prompt);
  return [...policies, ...caches, ...matrixVariants(prompt).map(({ policy }) => policy)];
};

/** The variants of a prompt by policy and rising ratio, with a column for each one that the settings asked for. */
export function columnsOf(report: Report, prompt: PromptReport, hiddenPolicies: readonly string[] = []): Column[] {
  const { policies, ratios, caches } = settingsOf(report, prompt);
  return [...new Set(ownPolicies(report, prompt))]
    .filter((policy) => !hiddenPolicies.includes(policy))
    .flatMap((policy) => {
      const measured = matrixVariants(prompt).filter((variant) => variant.policy === policy);
      const asked = policies.includes(policy) ? ratios : caches.includes(policy) ? [0] : [];
      const plain = measured.filter(({ protection }) => protection === null);
      const missing = asked.filter((ratio) => !plain.some((variant) => variant.ratio === ratio));
      const group = policyName(report, policy);
      const columns = [
        ...measured.map((variant): Column => ({
          id: variant.id,
          policy,
          group: variant.group,
          ratio: variant.ratio,
          variant,
        })),
        ...missing.map((ratio): Column => ({ id: `${policy}@${ratio}`, policy, group, ratio, variant: null })),
      ].sort((a, b) => a.ratio - b.ratio);
      return [...Map.groupBy(columns, (column) => column.group).values()].flat();
    });
}

/** What is known about an instruction under a column; null when nothing was measured. */
export const cellOf = (column: Column, instruction: InstructionReport): VariantInstruction | null =>
  column.variant?.instructions.find(({ id }) => id === instruction.id) ?? null;

export function isLostUnder(column: Column, instruction: InstructionReport): boolean {
  const cell = cellOf(column, instruction);
  return cell !== null && isLost(cell);
}

/** True unless every verdict is held or inert: what was not measured must not look safe. */
export const needsAttention = (cell: VariantInstruction | null): boolean =>
  cell === null || (cell.verdict !== 'held' && cell.verdict !== 'inert');
