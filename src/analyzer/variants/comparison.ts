import type { EqualBytes, PromptReport, VariantInstruction, VariantReport } from '../report.ts';

/** The verdicts that mean that an instruction is lost. */
export const isLost = ({ verdict }: Pick<VariantInstruction, 'verdict'>): boolean =>
  verdict === 'evicted' || verdict === 'ignored';

/** Instructions that a variant loses. */
export const lostIn = ({ instructions }: VariantReport): number => instructions.filter(isLost).length;

/** Largest leak of the directives over the answers of a variant; null when no extraction probe was answered. */
export function largestLeak({ responses }: VariantReport): number | null {
  const leaks = responses.flatMap(({ leak }) => (leak === null ? [] : [leak.directives]));
  return leaks.length === 0 ? null : Math.max(...leaks);
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
