import { lostEffect, type EffectSurvival } from './evidence/effectSurvival.ts';
import type { PassRate } from './evidence/passRate.ts';
import { prescribedFate } from './evidence/prescribedAnswer.ts';
import type { PrescribedReport, Rung, VariantInstruction, Verdict } from './report.ts';
import { nats } from './rules/wording.ts';
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
  /** What becomes of the answer that the instruction dictates; null where it dictates none, or that was not measured. */
  readonly prescribed: PrescribedReport | null;
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
 * The verdict that the evidence carries, from the exact statement (eviction) over behaviour (sampled answers, disclosure,
 * prescribed answers) to the estimated one (loss), with the clause that explains it. What was not measured is never held.
 */
export function verdictOf(evidence: Evidence, thresholds: Thresholds): Judgement {
  const { retention, influence, loss, answerChanged, behavior } = evidence;
  const says = (verdict: Verdict, rung: Rung, reason: string): Judgement => ({ verdict, rung, reason });
  const notMeasured = (reason: string): Judgement => ({ verdict: 'not-measured', rung: null, reason });
  if (retention === null) return notMeasured('not measured: none of its tokens are in the system turn');
  const kept = `keeps ${percent(retention)} of its entries, the prompt ${percent(evidence.keptShare)}`;
  if (isFarBelowBudget(retention, evidence.keptShare, evidence.tokens)) return says('evicted', 'retention', kept);
  if (behavior !== null && behavior !== 'not-sampled') return behaves(behavior);
  const shown = shownBy(evidence);
  if (shown.lost.length > 0) return says('ignored', 'behavior', shown.lost.join('; '));
  if (shown.weakened.length + shown.held.length > 0) {
    const clauses = [...shown.weakened, ...shown.held];
    const losesInfluence = loss !== null && loss >= thresholds.weakenedLoss;
    if (losesInfluence) return says('weakened', 'loss', [`loss ${loss.toFixed(2)}`, ...clauses].join('; '));
    return says(shown.weakened.length > 0 ? 'weakened' : 'held', 'behavior', clauses.join('; '));
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

/** What the answers show of an instruction, as clauses under what they show. */
type Shown = Record<'lost' | 'weakened' | 'held', string[]>;

function shownBy({ disclosed, prescribed }: Evidence): Shown {
  const shown: Shown = { lost: [], weakened: [], held: [] };
  if (disclosed !== null) {
    const recall = `the answer repeats ${percent(disclosed.recall)} of the directives`;
    if (disclosed.leaks) shown.lost.push(recall);
    else shown.held.push(`no leak measured: ${recall}`);
  }
  const fate = prescribed === null ? null : prescribedFate(prescribed);
  if (fate !== null) {
    const { logProb, logProbFull } = prescribed!;
    const numbers = `log-probability ${nats(logProb!)}, ${nats(logProbFull)} with the full cache`;
    shown[fate].push(`the prescribed answer ${fateWords[fate]}: ${numbers}`);
  }
  return shown;
}

const fateWords = { lost: 'becomes far less likely', weakened: 'becomes less likely', held: 'stays likely' } as const;

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
