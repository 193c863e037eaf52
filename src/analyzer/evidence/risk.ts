import { riskCoefficients } from './riskCoefficients.ts';

/** What is cheaply known about one instruction under one variant, on the probe under which it matters most. */
export interface RiskInput {
  readonly ratio: number;
  readonly retention: number;
  readonly loss: number | null;
  readonly preference: number | null;
  readonly rescue: number | null;
  /** KL(full || instruction masked) per token of the full cache's answer, nats: where the instruction acts. */
  readonly profile: ArrayLike<number>;
  /** KL(full || variant) per token of the same answer, nats. */
  readonly kl: ArrayLike<number>;
  /** 1 where the likeliest token is not the full cache's. */
  readonly flipped: ArrayLike<number>;
  /** Where it begins in the system turn, 0..1. */
  readonly position: number;
  readonly kind: string;
  readonly strength: string;
}

/** Numbers that a risk is made of, by name; all about 0..1. */
export type RiskSignals = Readonly<Record<string, number>>;

/** Nats at which a distance counts half. */
const halfNats = 0.3;
const squashed = (nats: number): number => nats / (nats + halfNats);

export function riskSignals(input: RiskInput): RiskSignals {
  const { profile, kl, flipped, loss, preference, rescue } = input;
  const influence = meanOf(profile);
  return {
    ratio: input.ratio,
    evicted: 1 - input.retention,
    loss: loss ?? 0,
    flips: meanOf(flipped),
    distance: squashed(meanOf(kl)),
    // What the whole cache changes where this instruction acts; elsewhere it may change what it likes.
    distanceWhereItActs: squashed(weighted(kl, profile)),
    flipsWhereItActs: weighted(flipped, profile),
    preferenceLost: preference === null ? 0 : clamped(1 - preference),
    hasPreference: preference === null ? 0 : 1,
    rescue: rescue === null ? 0 : clamped(rescue),
    influence: squashed(influence),
    position: input.position,
    isIdentity: input.kind === 'identity' ? 1 : 0,
    isFormat: input.kind === 'format' ? 1 : 0,
    isProhibition: input.kind === 'prohibition' || input.kind === 'defense' ? 1 : 0,
    isStrong: input.strength === 'must' ? 1 : 0,
  };
}

/** Probability that less than half of the instruction's effect on behavior survives the variant, 0..1. */
export function riskOf(signals: RiskSignals, { intercept, weights } = riskCoefficients): number {
  const sum = Object.entries(weights).reduce(
    (total, [name, weight]) => total + weight * (signals[name] ?? 0),
    intercept,
  );
  return 1 / (1 + Math.exp(-sum));
}

export interface RiskCoefficients {
  readonly intercept: number;
  readonly weights: RiskSignals;
}

const clamped = (share: number): number => Math.min(1, Math.max(0, share));

function meanOf(values: ArrayLike<number>): number {
  if (values.length === 0) return 0;
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean with weights; without weight anywhere the plain mean. */
function weighted(values: ArrayLike<number>, weights: ArrayLike<number>): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const weight = weights[i] ?? 0;
    sum += weight * values[i]!;
    total += weight;
  }
  return total === 0 ? meanOf(values) : sum / total;
}
