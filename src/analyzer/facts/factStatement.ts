import type { FactOutcome } from './fact.ts';

/** What a cache makes of a fact, asked for it. */
export interface FactStatement {
  /** Log-probability of the fact's tokens after the words that lead in to it, nats, summed. */
  readonly logProb: number;
  readonly outcome: FactOutcome;
  /** The value that the answer states; where it states none, how it goes on. */
  readonly said: string;
  /** The ratio of the same policy at which it was asked, where that decides this one too. */
  readonly askedAt?: number;
}

/**
 * By how much the log-probability of a fact falls, at least, where it is lost, in nats: it is ten times less likely. Between values
 * that are nearly as likely, another greedy answer is chance.
 */
export const lostMargin = Math.log(10);

/** Whether compression loses a fact: the full cache states it, the compressed one does not, and it has become unlikely. */
export const isFactLost = (full: FactStatement, compressed: FactStatement): boolean =>
  full.outcome === 'stated' && compressed.outcome !== 'stated' && full.logProb - compressed.logProb > lostMargin;
