import { noise } from '../../src/cache/noise.ts';

/** A statistic with the middle 95 % of what resampling gives. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const resamples = 500;

/**
 * The percentile bootstrap over `units` (prompts: their instructions are not independent), with a fixed seed. Null where the
 * statistic is not defined on the units themselves, or on fewer than half of the resamples.
 */
export function bootstrap<Unit>(
  units: readonly Unit[],
  statistic: (units: readonly Unit[]) => number | null,
): Estimate | null {
  const value = statistic(units);
  if (value === null) return null;
  const stream = noise(0);
  const found: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const drawn = units.map(() => units[Math.floor(stream.uniform() * units.length)]!);
    const one = statistic(drawn);
    if (one !== null) found.push(one);
  }
  if (found.length < resamples / 2) return null;
  found.sort((a, b) => a - b);
  const at = (share: number): number => found[Math.min(found.length - 1, Math.floor(share * found.length))]!;
  return { value, low: at(0.025), high: at(0.975) };
}
