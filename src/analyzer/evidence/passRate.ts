/** Answers that were checked, and those that passed. */
export interface PassRate {
  readonly passed: number;
  readonly samples: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Standard normal quantile of 97.5 %: intervals are of 95 %. */
const z = 1.959964;

export const rate = ({ passed, samples }: PassRate): number => passed / samples;

/** Wilson's score interval of a share, 95 %: unlike p ± z s it stays within 0..1 and is right for few samples and shares near 0 or 1. */
export function wilson({ passed, samples }: PassRate): Interval {
  const share = passed / samples;
  const weight = 1 + (z * z) / samples;
  const middle = (share + (z * z) / (2 * samples)) / weight;
  const half = (z / weight) * Math.sqrt((share * (1 - share)) / samples + (z * z) / (4 * samples * samples));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** A sum of weighted shares of independent samples. */
export type Contrast = readonly (readonly [weight: number, rate: PassRate])[];

/**
 * 95 % interval of a weighted sum of independent shares, from Wilson's interval of each (Zou and Donner, "Construction of
 * confidence limits about effect measures", https://doi.org/10.1002/sim.3095; for a difference it is Newcombe's).
 */
export function contrastInterval(contrast: Contrast): Interval {
  let middle = 0;
  let below = 0;
  let above = 0;
  for (const [weight, passRate] of contrast) {
    const share = rate(passRate);
    const { low, high } = wilson(passRate);
    const [toLow, toHigh] = [weight * (share - low), weight * (high - share)];
    middle += weight * share;
    below += weight > 0 ? toLow ** 2 : toHigh ** 2;
    above += weight > 0 ? toHigh ** 2 : toLow ** 2;
  }
  return { low: middle - Math.sqrt(below), high: middle + Math.sqrt(above) };
}
