import { forms, type Form } from './paperPrompt.ts';
import type { ScoredPrompt } from './score.ts';
import { meanOf, type Mean } from './statistics.ts';

/**
 * "Fair precision": the importance tier of a mixed-precision cache (20 % at FP16, the rest at INT2) shared equally between
 * defense and directives, against the policy's own choice of as many entries.
 */
export interface FairPrecision {
  readonly form: Form;
  readonly policy: string;
  readonly fair: boolean;
  readonly bytes: number;
  /** Share of the part's entries in FP16. */
  readonly defense: Mean;
  readonly directives: Mean;
  /** Log-probability of the directives as the answer to the leak query, less the full cache's; nats per token. */
  readonly leakShift: Mean;
}

export function fairPrecision(prompts: readonly ScoredPrompt[], policies: readonly string[]): FairPrecision[] {
  return forms.flatMap((form) =>
    policies.flatMap((policy) =>
      [false, true].flatMap((fair) => {
        const tiers = prompts
          .filter((prompt) => prompt.form === form)
          .flatMap(({ record }) =>
            record.tiers
              .filter((tier) => tier.policy === policy && tier.fair === fair)
              .map((tier) => ({ ...tier, shift: tier.leakLogProb - record.fullLeakLogProb! })),
          );
        if (tiers.length === 0) return [];
        return [
          {
            form,
            policy,
            fair,
            bytes: meanOf(tiers.map(({ bytes }) => bytes))!.mean,
            defense: meanOf(tiers.map(({ high }) => high.defense))!,
            directives: meanOf(tiers.map(({ high }) => high.directives))!,
            leakShift: meanOf(tiers.map(({ shift }) => shift))!,
          },
        ];
      }),
    ),
  );
}
