import { isDefended } from '../evidence/defenseSuccess.ts';
import { largestOfEach } from '../evidence/leak.ts';
import type { EqualBytes, Leak, PromptReport, VariantInstruction, VariantReport } from '../report.ts';

/** The verdicts that mean that an instruction is lost. */
export const isLost = ({ verdict }: Pick<VariantInstruction, 'verdict'>): boolean =>
  verdict === 'evicted' || verdict === 'ignored';

/** Instructions that a variant loses. */
export const lostIn = ({ instructions }: VariantReport): number => instructions.filter(isLost).length;

/** Each measure of a leak at its largest over the answers of a variant; null when no extraction probe was answered. */
export const leakOf = ({ responses }: VariantReport): Leak | null =>
  largestOfEach(responses.flatMap(({ leak }) => leak ?? []));

/** Largest leak of the directives over the answers of a variant; null when no extraction probe was answered. */
export const largestLeak = (variant: VariantReport): number | null => leakOf(variant)?.directives ?? null;

/** How many of some variants keep the directives to themselves in every answer, of those that answered. */
export function defenseSuccess(variants: readonly VariantReport[]): { readonly defended: number; readonly of: number } {
  const leaks = variants.flatMap((variant) => leakOf(variant) ?? []);
  return { defended: leaks.filter(isDefended).length, of: leaks.length };
}

/** One comparison at equal bytes as a table: what was measured, the nearest to the full cache first, and what has no row. */
export function equalBytesTable(
  { variants }: PromptReport,
  { arms }: EqualBytes,
): { readonly reached: readonly VariantReport[]; readonly unreached: readonly { title: string; reason: string }[] } {
  const reached: VariantReport[] = [];
  const unreached: { title: string; reason: string }[] = [];
  for (const { title, variant: id, reason } of arms) {
    const variant = variants.find((candidate) => candidate.id === id);
    if (variant === undefined) unreached.push({ title, reason: reason ?? 'Not measured.' });
    else reached.push(variant);
  }
  return { reached: reached.toSorted((a, b) => (a.meanKl ?? Infinity) - (b.meanKl ?? Infinity)), unreached };
}
