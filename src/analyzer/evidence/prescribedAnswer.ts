import type { PrescribedReport } from '../report.ts';

/**
 * Mean log-probability per token, nats, from which an answer counts as likely: each token gets 37 % or more in the geometric
 * mean. The refusal of `fixtures/smollm2` has -0.5 with the full cache, -0.6 to -0.7 with caches that hold it, and -1.4 or less with those that lost it.
 */
export const likelyLogProb = -1;

/**
 * Nats of the whole answer's log-probability that count as a change: 55 times less likely. Caches that hold that refusal lose
 * 0.6 to 1.6 nats (K-Norm, KeyDiff and TOVA at 25 %), all others 6.3 and more.
 */
export const decisiveNats = 4;

/**
 * True where the full cache finds the prescribed answer likely, and finds it so because of the instruction: an answer that is as
 * likely without it shows nothing about it.
 */
export const isSaidUncompressed = ({ tokens, logProbFull, logProbWithout }: PrescribedArms): boolean =>
  logProbFull / tokens >= likelyLogProb && logProbFull - logProbWithout >= decisiveNats;

/** What is known before any variant was asked. */
export type PrescribedArms = Pick<PrescribedReport, 'tokens' | 'logProbFull' | 'logProbWithout'>;

/** What a variant does with an answer that the full cache gives because of its instruction. */
export type PrescribedFate = 'held' | 'lost';

/** Null where it says nothing: the full cache does not give the answer, or the variant was not asked. */
export function prescribedFate(prescribed: PrescribedReport): PrescribedFate | null {
  const { logProbFull, logProb } = prescribed;
  if (logProb === null || !isSaidUncompressed(prescribed)) return null;
  return logProbFull - logProb >= decisiveNats ? 'lost' : 'held';
}
