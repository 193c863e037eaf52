import { contrastInterval, rate, type Interval, type PassRate } from './passRate.ts';

/** The pass rates of one check: with the full cache, and with its instruction deleted from the prompt. */
export interface Effect {
  readonly full: PassRate;
  readonly deleted: PassRate;
}

/** How much more often a check passes with its instruction than without it, with its 95 % interval. */
export interface Effectiveness extends Interval {
  readonly value: number;
}

export function effectiveness({ full, deleted }: Effect): Effectiveness {
  const interval = contrastInterval([
    [1, full],
    [-1, deleted],
  ]);
  return { value: rate(full) - rate(deleted), ...interval };
}

/** An instruction is effective where its check passes clearly more often with it: the interval is above zero. */
export const isEffective = (effect: Effect): boolean => effectiveness(effect).low > 0;

/**
 * Effect survival, (p_compressed - p_deleted) / (p_full - p_deleted): what is left of an instruction's effect on behaviour, 1
 * for all and 0 for nothing. Values below 0 and above 1 happen by chance and where compression itself changes the check.
 */
export interface EffectSurvival extends Interval {
  readonly value: number;
}

/** Where the interval is looked for, and how finely. */
const searched = { from: -1, to: 2, step: 0.01 };

/**
 * Effect survival with its 95 % interval: all values s for which p_compressed - s p_full - (1 - s) p_deleted may be zero
 * (Fieller's argument on Wilson's intervals). Only for an effective instruction: undefined otherwise.
 */
export function effectSurvival(effect: Effect, compressed: PassRate): EffectSurvival | undefined {
  if (!isEffective(effect)) return undefined;
  const { full, deleted } = effect;
  const value = (rate(compressed) - rate(deleted)) / (rate(full) - rate(deleted));
  let [low, high] = [Infinity, -Infinity];
  for (let s = searched.from; s <= searched.to; s += searched.step) {
    const { low: least, high: most } = contrastInterval([
      [1, compressed],
      [-s, full],
      [s - 1, deleted],
    ]);
    if (least > 0 || most < 0) continue;
    low = Math.min(low, s);
    high = Math.max(high, s);
  }
  return { value, low: Math.min(low, value), high: Math.max(high, value) };
}

/** Below this share of its effect an instruction counts as ignored. */
export const lostEffect = 0.5;

/** Whether the samples decide on which side of one half the survival lies. */
export const isDecided = ({ low, high }: Interval): boolean => high < lostEffect || low > lostEffect;
