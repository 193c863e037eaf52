import type { VariantMeasurement } from '../measurement.ts';

/**
 * Variants that differ in their ratio alone, by ascending ratio: what a policy evicts at one ratio it evicts at the next, too. Other
 * variants stand alone.
 */
export function ladders(variants: readonly VariantMeasurement[]): VariantMeasurement[][] {
  const byLadder = new Map<string, VariantMeasurement[]>();
  for (const variant of variants.toSorted((a, b) => a.spec.ratio - b.spec.ratio)) {
    const { kind, policy, protection, id } = variant.spec;
    const key = kind === 'eviction' ? `${policy} ${protection ?? ''}` : id;
    byLadder.set(key, [...(byLadder.get(key) ?? []), variant]);
  }
  return [...byLadder.values()];
}
