import { riskOf, riskSignals } from '../evidence/risk.ts';
import { strongestProbe, type Measurement } from '../measurement.ts';

/** The risk score of one instruction under one variant, 0..1; null where its signals were not measured. */
export function measuredRisk(measurement: Measurement, instruction: number, variantIndex: number): number | null {
  const { segmentation, positions, promptTokens, influences, variants } = measurement;
  const variant = variants[variantIndex]!;
  const strongest = strongestProbe(measurement, instruction);
  const comparison = strongest === null ? undefined : variant.comparisons.get(strongest.probe);
  const retention = variant.retention[instruction] ?? null;
  if (strongest === null || comparison === undefined || retention === null) return null;
  const { kind, strength } = segmentation.instructions[instruction]!;
  return riskOf(
    riskSignals({
      ratio: variant.spec.ratio,
      retention,
      loss: variant.loss[instruction] ?? null,
      preference: variant.preference[instruction] ?? null,
      rescue: variant.rescue[instruction] ?? null,
      profile: influences.get(strongest.probe)![instruction]!,
      kl: comparison.kl,
      flipped: comparison.flipped,
      position: positions[instruction]![0]! / promptTokens!,
      kind,
      strength,
    }),
  );
}
