import { familyAccuracies, familyTallies, rankCorrelation } from './familyTally.ts';
import { meanOf, type Mean } from './statistics.ts';
import { cellOf, judgements, type Judgement, type ScoredPrompt } from './score.ts';
import type { Grid, ProtectionName } from './grid.ts';
import { forms, type Form } from './paperPrompt.ts';

export const groups = ['all', 'single', 'multi'] as const;
/** Prompts with exactly one instruction, with more, or both. */
export type Group = (typeof groups)[number];
/** In place of a family: every instruction. */
export const allFamilies = 'all';

export const inGroup = (group: Group, { row }: ScoredPrompt): boolean =>
  group === 'all' || (row.instructions.length === 1) === (group === 'single');

/** Families of fewer instructions are left out of rank correlations and slopes. */
export const leastInstructions = 10;

export interface Accuracy extends Mean {
  readonly form: Form;
  readonly policy: string;
  readonly protection: ProtectionName;
  readonly ratio: number;
  readonly group: Group;
  readonly family: string;
  readonly judgement: Judgement;
  /** Divided by the accuracy with the full cache; null where that is 0. */
  readonly normalised: number | null;
}

/** Which instructions of a prompt are followed; undefined where the cell was not measured. */
const followed = (
  prompt: ScoredPrompt,
  {
    policy,
    ratio,
    protection,
    family,
    judgement,
  }: Pick<Accuracy, 'policy' | 'ratio' | 'protection' | 'family' | 'judgement'>,
): boolean[] =>
  cellOf(prompt, policy, ratio, protection)?.followed[judgement].filter(
    (_, i) => family === allFamilies || prompt.row.instructions[i]!.family === family,
  ) ?? [];

export const familiesOf = (prompts: readonly ScoredPrompt[]): string[] =>
  [...new Set(prompts.flatMap(({ row }) => row.instructions.map(({ family }) => family)))].sort();

/**
 * Instruction-level accuracy by family where nothing defends the prompt, and of all instructions together where something
 * does. Cells without an instruction are left out.
 */
export function accuracies(prompts: readonly ScoredPrompt[], { policies, ratios, protections }: Grid): Accuracy[] {
  return forms.flatMap((form) => {
    const ofForm = prompts.filter((prompt) => prompt.form === form);
    const families = form === 'undefended' ? [allFamilies, ...familiesOf(ofForm)] : [allFamilies];
    const cells = policies.flatMap((policy) => protections.map((protection) => ({ form, policy, protection })));
    return cells.flatMap((cell) =>
      groups.flatMap((group) => {
        const inside = ofForm.filter((prompt) => inGroup(group, prompt));
        return families.flatMap((family) =>
          judgements.flatMap((judgement) => {
            const at = (ratio: number): Mean | null =>
              meanOf(inside.flatMap((prompt) => followed(prompt, { ...cell, ratio, family, judgement })));
            const measured = ratios.flatMap((ratio) => {
              const mean = at(ratio);
              return mean === null ? [] : [{ ratio, mean }];
            });
            // Only the full cache: this protection was not measured here.
            if (measured.every(({ ratio }) => ratio === 0) && ratios.length > 1) return [];
            const base = measured.find(({ ratio }) => ratio === 0)?.mean.mean ?? 0;
            return measured.map(({ ratio, mean }): Accuracy => ({
              ...cell,
              ratio,
              group,
              family,
              judgement,
              ...mean,
              normalised: base === 0 ? null : mean.mean / base,
            }));
          }),
        );
      }),
    );
  });
}

/** Spearman's correlation of the families' order at a ratio with their order under the full cache. */
export interface RankCorrelation {
  readonly policy: string;
  readonly ratio: number;
  readonly group: Group;
  readonly judgement: Judgement;
  readonly families: readonly string[];
  /** Null for fewer than two families, or equal accuracies. */
  readonly rho: number | null;
}

/** Families with enough instructions in a group. */
export function largeFamilies(prompts: readonly ScoredPrompt[], group: Group): string[] {
  const inside = prompts.filter((prompt) => inGroup(group, prompt));
  const count = (family: string): number =>
    inside.reduce((sum, { row }) => sum + row.instructions.filter((each) => each.family === family).length, 0);
  return familiesOf(inside).filter((family) => count(family) >= leastInstructions);
}

export function rankCorrelations(undefended: readonly ScoredPrompt[], { policies, ratios }: Grid): RankCorrelation[] {
  return groups.flatMap((group) => {
    const inside = undefended.filter((prompt) => inGroup(group, prompt));
    const families = largeFamilies(undefended, group);
    return policies.flatMap((policy) =>
      judgements.flatMap((judgement) => {
        const accuracy = familyAccuracies(familyTallies(inside, families, policy, ratios, judgement));
        return ratios.slice(1).map((ratio, i) => ({
          policy,
          ratio,
          group,
          judgement,
          families,
          rho: rankCorrelation(accuracy, i + 1),
        }));
      }),
    );
  });
}
