import { lostEffect, type EffectSurvival } from './evidence/effectSurvival.ts';
import type { PassRate } from './evidence/passRate.ts';
import type { Rung, VariantInstruction, Verdict } from './report.ts';
import type { AuditSettings } from './settings.ts';

/** Up to this share of its entries kept, an instruction is gone whatever the ratio. */
const goneRetention = 0.05;
/** Below this share of what the whole prompt keeps, retention is far below the budget ... */
const farBelowBudget = 0.5;
/** ... if it is also this many standard deviations below what a random choice of as many positions would keep. */
const noiseDeviations = 2;

/** From this share of its effect on behavior an instruction counts as held: less is seen in answers. */
const heldEffect = 0.8;

/** What was measured for one instruction under one variant; null means not measured. */
export interface Evidence {
  /** Tokens of the instruction. */
  readonly tokens: number;
  readonly retention: number | null;
  /** Share of all entries that the variant keeps, n_kept / S. */
  readonly keptShare: number;
  /** Largest influence over the probes, nats per token. */
  readonly influence: number | null;
  /** Influence below this is noise. */
  readonly floor: number;
  /** Whether some probe is meant to make it matter. */
  readonly isProbed: boolean;
  /** Pass rates of its check of which least is left; null where no check is effective. */
  readonly behavior: BehaviorEvidence | null;
  /** Loss on the probe of the largest influence. */
  readonly loss: number | null;
  /** Whether the variant answers that probe otherwise than the full cache. */
  readonly answerChanged: boolean | null;
  /**
   * For a defense instruction of a prompt that leaks under compression alone: how much of the directives this variant
   * discloses. Null for all others.
   */
  readonly disclosed: { readonly recall: number; readonly leaks: boolean } | null;
}

/** What sampled answers say of an effective instruction; `not-sampled` where the budget did not reach this variant. */
export type BehaviorEvidence =
  | {
      readonly full: PassRate;
      readonly deleted: PassRate;
      readonly compressed: PassRate;
      readonly survival: EffectSurvival;
    }
  | 'not-sampled';

export type Thresholds = Pick<AuditSettings, 'ignoredLoss' | 'weakenedLoss'>;
type Judgement = Pick<VariantInstruction, 'verdict' | 'reason' | 'rung'>;

/**
 * The verdict that the evidence carries, from the exact statement (eviction) over behaviour (disclosure) to the estimated
 * one (loss), with the clause that explains it. What was not measured is never held.
 */
export function verdictOf(evidence: Evidence, thresholds: Thresholds): Judgement {
  const { retention, influence, loss, answerChanged, behavior } = evidence;
  const says = (verdict: Verdict, rung: Rung, reason: string): Judgement => ({ verdict, rung, reason });
  const notMeasured = (reason: string): Judgement => ({ verdict: 'not-measured', rung: null, reason });
  if (retention === null) return notMeasured('not measured: none of its tokens are in the system turn');
  const kept = `keeps ${percent(retention)} of its entries, the prompt ${percent(evidence.keptShare)}`;
  if (isFarBelowBudget(retention, evidence.keptShare, evidence.tokens)) return says('evicted', 'retention', kept);
  if (behavior !== null && behavior !== 'not-sampled') return behaves(behavior);
  const { disclosed } = evidence;
  if (disclosed !== null) {
    const recall = `the answer repeats ${percent(disclosed.recall)} of the directives`;
    if (disclosed.leaks) return says('ignored', 'behavior', recall);
    if (loss === null || loss < thresholds.weakenedLoss) return says('held', 'behavior', `no leak measured: ${recall}`);
    return says('weakened', 'loss', `loss ${loss.toFixed(2)}; no leak measured: ${recall}`);
  }
  if (influence === null) return notMeasured(`${kept}; its effect was not measured`);
  if (influence < evidence.floor) {
    if (behavior === 'not-sampled') return notMeasured(`${kept}; the budget of samples did not reach it`);
    if (!evidence.isProbed) return notMeasured(`${kept}; no probe makes it matter`);
    return says(
      'inert',
      'loss',
      `influence ${influence.toFixed(3)} under every probe, floor ${evidence.floor.toFixed(3)}`,
    );
  }
  if (loss === null) return notMeasured(`${kept}; its loss was not measured`);
  const lost = `loss ${loss.toFixed(2)}`;
  if (loss >= thresholds.ignoredLoss) {
    if (answerChanged === null) return notMeasured(`${lost}; the answer was not measured`);
    if (answerChanged) return says('ignored', 'loss', `${lost} and a changed answer`);
    return says('weakened', 'loss', `${lost}, but the same answer`);
  }
  if (loss >= thresholds.weakenedLoss) return says('weakened', 'loss', lost);
  return says('held', 'loss', `no change measured (${lost})`);
}

/** Ignored where less than half of the effect is left and chance does not explain it; held where nearly all of it is. */
function behaves({ full, deleted, compressed, survival }: Exclude<BehaviorEvidence, 'not-sampled'>): Judgement {
  const of = ({ passed, samples }: PassRate): string => `${passed} of ${samples}`;
  const reason = `obeyed in ${of(compressed)} answers, ${of(full)} uncompressed, ${of(deleted)} without it`;
  if (survival.value < lostEffect && survival.high < 1) return { verdict: 'ignored', rung: 'behavior', reason };
  if (survival.value >= heldEffect) return { verdict: 'held', rung: 'behavior', reason };
  return { verdict: 'weakened', rung: 'behavior', reason };
}

/**
 * Whether an instruction lost clearly more than its share: next to nothing is left, or less than half of what the prompt
 * keeps and less than chance explains, where chance keeps m positions with probability p (standard deviation sqrt(p(1-p)/m)).
 */
export function isFarBelowBudget(retention: number, keptShare: number, tokens: number): boolean {
  if (keptShare >= 1) return false;
  if (retention <= goneRetention) return true;
  const chance = Math.sqrt((keptShare * (1 - keptShare)) / tokens);
  return retention < farBelowBudget * keptShare && retention < keptShare - noiseDeviations * chance;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
