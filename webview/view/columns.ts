import { settingsOf } from '../../src/analyzer/settingsOf.ts';
import type {
  InstructionReport,
  PromptReport,
  Report,
  VariantInstruction,
  VariantReport,
} from '../../src/analyzer/report.ts';

/** One column of the matrix. `variant` is null when the audit was to measure it and did not. */
export interface Column {
  readonly id: string;
  readonly policy: string;
  readonly ratio: number;
  readonly variant: VariantReport | null;
}

/** Policies in the order of the settings, then those that some prompts have as well. */
export const policiesOf = (report: Report): string[] => [
  ...new Set([...report.settings.policies, ...report.prompts.flatMap((prompt) => ownPolicies(report, prompt))]),
];

const ownPolicies = (report: Report, prompt: PromptReport): string[] => [
  ...settingsOf(report, prompt).policies,
  ...prompt.variants.map(({ policy }) => policy),
];

/** The variants of a prompt by policy and rising ratio, with a column for each one that the settings asked for. */
export function columnsOf(report: Report, prompt: PromptReport, hiddenPolicies: readonly string[] = []): Column[] {
  const { policies, ratios } = settingsOf(report, prompt);
  return [...new Set(ownPolicies(report, prompt))]
    .filter((policy) => !hiddenPolicies.includes(policy))
    .flatMap((policy) => {
      const measured = prompt.variants.filter((variant) => variant.policy === policy);
      const asked = policies.includes(policy) ? ratios : [];
      const missing = asked.filter((ratio) => !measured.some((variant) => variant.ratio === ratio));
      return [
        ...measured.map((variant): Column => ({ id: variant.id, policy, ratio: variant.ratio, variant })),
        ...missing.map((ratio): Column => ({ id: `${policy}@${ratio}`, policy, ratio, variant: null })),
      ].sort((a, b) => a.ratio - b.ratio);
    });
}

/** What is known about an instruction under a column; null when nothing was measured. */
export const cellOf = (column: Column, instruction: InstructionReport): VariantInstruction | null =>
  column.variant?.instructions.find(({ id }) => id === instruction.id) ?? null;

/** Largest leak of the directives over the answers of a variant; null when no extraction probe was answered. */
export function largestLeak(variant: VariantReport): number | null {
  const leaks = variant.responses.flatMap(({ leak }) => (leak === null ? [] : [leak.directives]));
  return leaks.length === 0 ? null : Math.max(...leaks);
}

export const isLost = (cell: VariantInstruction | null): boolean =>
  cell?.verdict === 'evicted' || cell?.verdict === 'ignored';

/** True unless every verdict is held or inert: what was not measured must not look safe. */
export const needsAttention = (cell: VariantInstruction | null): boolean =>
  cell === null || (cell.verdict !== 'held' && cell.verdict !== 'inert');
