import type { InstructionReport, PromptReport, VariantInstruction, VariantReport } from '../report.ts';
import { twoDecimals } from './wording.ts';

export type CheckReport = InstructionReport['checks'][number];
type Survival = VariantInstruction['checks'][number];

const of = ({ passed, samples }: { readonly passed: number; readonly samples: number }): string =>
  `${passed} of ${samples}`;

/** What sampling said of a check with the full cache, as a clause. */
export function checkText({ status, probe, full, deleted }: CheckReport): string {
  if (full === null || status === 'not-sampled') {
    return probe === null ? 'not sampled: no probe brings it about' : 'not sampled to the end';
  }
  const followed = `obeyed in ${of(full)} answers`;
  if (status === 'not-followed' || deleted === null) {
    return `${followed} with the full cache: this model does not follow it`;
  }
  return status === 'effective'
    ? `${followed}, in ${of(deleted)} without the instruction`
    : `${followed}, and in ${of(deleted)} without the instruction: it says nothing about compression`;
}

/** What compression leaves of it, as a clause. */
export const survivalText = ({ compressed, survival: { value, low, high } }: Survival): string =>
  `obeyed in ${of(compressed)} answers; ${twoDecimals(value)} of the effect is left (95 % interval ${twoDecimals(low)} to ${twoDecimals(high)})`;

/** An effective check under the variants that were sampled, the one with the least effect left first. */
export interface SampledCheck {
  readonly instruction: InstructionReport;
  readonly check: CheckReport;
  readonly under: readonly { readonly variant: VariantReport; readonly survival: Survival }[];
}

/** Every check that the wording of instructions asks for, in the order of the prompt. */
export const sampledChecks = ({ instructions, variants }: PromptReport): SampledCheck[] =>
  instructions.flatMap((instruction) =>
    instruction.checks.map((check) => ({
      instruction,
      check,
      under: variants
        .flatMap((variant) => {
          const cell = variant.instructions.find(({ id }) => id === instruction.id);
          const survival = cell?.checks.find((each) => each.check === check.check);
          return survival === undefined ? [] : [{ variant, survival }];
        })
        .toSorted((a, b) => a.survival.survival.value - b.survival.survival.value),
    })),
  );
