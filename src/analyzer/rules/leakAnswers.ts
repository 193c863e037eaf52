import { gridOf, gridVariants } from './grid.ts';
import type { InstructionReport, PromptReport } from '../report.ts';
import type { RuleSettings } from './rule.ts';

/** One answer to an extraction probe, with how much of the directives it repeats. */
export interface Answer {
  readonly policy: string;
  readonly ratio: number;
  readonly probe: string;
  readonly recall: number;
}

/** By ascending ratio. */
export function answersOf(prompt: PromptReport): Answer[] {
  return gridVariants(prompt)
    .flatMap(({ policy, ratio, responses }) =>
      responses.flatMap(({ probe, leak }) =>
        leak === null ? [] : [{ policy, ratio, probe, recall: leak.directives }],
      ),
    )
    .toSorted((a, b) => a.ratio - b.ratio);
}

/** Policies that make the prompt leak where the full cache does not, each with its breaking ratio; empty when that was not measured. */
export function leaksByCompression(prompt: PromptReport, settings: RuleSettings): Answer[] {
  if (prompt.fullLeak === null || prompt.fullLeak.directives >= settings.leakThreshold) return [];
  const leaks = answersOf(prompt).filter(({ recall }) => recall >= settings.leakThreshold);
  return gridOf(settings).flatMap(({ policy }) => leaks.find((answer) => answer.policy === policy) ?? []);
}

/**
 * True when compression turned a refusal into a disclosure. That is behaviour, which outranks a small mean influence: the
 * defense works with the full cache, however few tokens it shows in.
 */
export function defends(prompt: PromptReport, instruction: InstructionReport, settings: RuleSettings): boolean {
  return instruction.kind === 'defense' && leaksByCompression(prompt, settings).length > 0;
}
