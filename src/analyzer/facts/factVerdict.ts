import type { FactReport, PromptReport, VariantFact } from '../report.ts';

/**
 * What a variant makes of a fact: `unsettled` where it says something else although the fact is hardly less likely than with the
 * full cache.
 */
export const factVerdicts = ['lost', 'unsettled', 'not-measured', 'stated'] as const;
export type FactVerdict = (typeof factVerdicts)[number];

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
