import { effectSurvival, lostEffect } from '../../src/analyzer/evidence/effectSurvival.ts';
import { riskSignals, type RiskSignals } from '../../src/analyzer/evidence/risk.ts';
import type { RowRecord } from './records.ts';

/** One effective instruction under one variant. */
export interface Pair {
  readonly prompt: string;
  readonly instruction: string;
  readonly policy: string;
  /** Less than half of its effect on behavior is left. */
  readonly isLost: boolean;
  readonly survival: number;
  readonly influence: number;
  readonly signals: RiskSignals;
  /** Predictors that are not learnt. */
  readonly baselines: Readonly<Record<string, number>>;
}

export interface Coverage {
  /** Checks of the file, those that stand at an instruction, those that pass with the full cache, and so on down. */
  readonly asked: number;
  readonly located: number;
  readonly passing: number;
  readonly effective: number;
  readonly influential: number;
}

/** The pairs of effective instructions with influence above the floor, and how many instructions come this far. */
export function pairsOf(records: readonly RowRecord[], floor: number): { pairs: Pair[]; coverage: Coverage } {
  const coverage = { asked: 0, located: 0, passing: 0, effective: 0, influential: 0 };
  const pairs: Pair[] = [];
  for (const { unit, asked, promptTokens, noise, instructions, checks, variants } of records) {
    coverage.asked += asked;
    for (const [index, { instruction, id, full, deleted }] of checks.entries()) {
      coverage.located++;
      if (full === null || full.passed / full.samples < 0.5) continue;
      coverage.passing++;
      if (deleted === null || effectSurvival({ full, deleted }, full) === undefined) continue;
      coverage.effective++;
      const { kind, strength, start, profile, influence } = instructions[instruction]!;
      if (influence < Math.max(floor, noise ?? 0)) continue;
      coverage.influential++;
      for (const variant of variants) {
        const compressed = variant.compressed[index] ?? null;
        const retention = variant.retention[instruction] ?? null;
        if (compressed === null || retention === null || variant.kl.length === 0) continue;
        const { value } = effectSurvival({ full, deleted }, compressed)!;
        const signals = riskSignals({
          ratio: variant.ratio,
          retention,
          loss: variant.loss[instruction] ?? null,
          preference: variant.preference[instruction] ?? null,
          rescue: variant.rescue[instruction] ?? null,
          profile,
          kl: variant.kl,
          flipped: variant.flipped,
          position: start / promptTokens,
          kind,
          strength,
        });
        pairs.push({
          prompt: unit,
          instruction: `${unit}/${instruction}/${id}`,
          policy: variant.policy,
          isLost: value < lostEffect,
          survival: value,
          influence,
          signals,
          baselines: {
            ratio: variant.ratio,
            '1 - retention': 1 - retention,
            loss: variant.loss[instruction] ?? 0,
            'KL, mean': mean(variant.kl),
            flips: mean(variant.flipped),
            'loss + 2 x flips': (variant.loss[instruction] ?? 0) + 2 * mean(variant.flipped),
          },
        });
      }
    }
  }
  return { pairs, coverage };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
