import { isFactLost } from './facts/factStatement.ts';
import { toFileRange, type LineIndex } from './fileRanges.ts';
import type { Measurement, VariantMeasurement } from './measurement.ts';
import type { Prompt } from './prompt.ts';
import type { PromptReport, VariantReport } from './report.ts';

/** The facts of a prompt and what the full cache makes of them, in the terms of the report; nothing where there are none. */
export function factReports(
  prompt: Prompt,
  { facts, fullFacts, segmentation }: Measurement,
  lines: LineIndex,
): Pick<PromptReport, 'facts'> {
  if (facts.length === 0) return {};
  return {
    facts: facts.map(({ id, kind, text, range, leadIn }) => ({
      id,
      kind,
      text,
      range: toFileRange(prompt, range, lines),
      leadIn,
      instruction:
        segmentation.instructions.find(({ range: own }) => own.start <= range.start && range.end <= own.end)?.id ??
        null,
      full: fullFacts.get(id) ?? null,
    })),
  };
}

/** What a variant makes of the facts that it was asked for; nothing before. */
export function variantFacts({ fullFacts }: Measurement, { facts }: VariantMeasurement): Pick<VariantReport, 'facts'> {
  if (facts.size === 0) return {};
  return {
    facts: [...facts].map(([id, statement]) => ({ id, ...statement, lost: isFactLost(fullFacts.get(id)!, statement) })),
  };
}
