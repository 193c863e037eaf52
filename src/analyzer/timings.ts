import type { Report } from './report.ts';

/** Milliseconds of all phases; null when every prompt was taken from the results of earlier audits. */
export function measuringMs({ timings }: Report): number | null {
  if (timings.prefill === undefined) return null;
  return Object.values(timings).reduce((sum, milliseconds) => sum + milliseconds, 0);
}
