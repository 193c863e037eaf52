import type { Batches } from '../memory/batches.ts';
import { mixedReferenceBytes } from '../memory/estimate.ts';
import { packedRuns } from './packedRuns.ts';

/** A user turn and the answer that is forced after it. */
export interface ForcedTurn {
  readonly suffix: Int32Array;
  readonly target: Int32Array;
}

/** A turn, and how many tokens of its beginning the row holds already. */
export interface ForcedRow extends ForcedTurn {
  readonly known?: number;
}

/** Equal for rows that force the same answer after the same suffix: they share a reference. */
export const forcedKey = ({ suffix, target }: ForcedTurn): string => `${suffix.join()}|${target.join()}`;

/** Tokens that a run feeds to a row: the last token of the answer predicts nothing that is asked for. */
export const fedTokens = ({ suffix, target, known = 0 }: ForcedRow): number =>
  suffix.length - known + target.length - 1;

/**
 * Which rows are forced in one run, as indices, with little padding. A run over one answer compares all rows with the same
 * probabilities; one over several takes those of each row along, so these are bounded.
 */
export function* forcedRuns(
  rows: readonly ForcedRow[],
  { tokenRowsPerRun }: Pick<Batches, 'tokenRowsPerRun'>,
  vocabSize: number,
): Generator<number[]> {
  const keys = rows.map(forcedKey);
  const mostMixed = mixedReferenceBytes / (vocabSize * Float32Array.BYTES_PER_ELEMENT);
  const order = [...rows.keys()].sort(
    (a, b) => fedTokens(rows[a]!) - fedTokens(rows[b]!) || (keys[a]! < keys[b]! ? -1 : Number(keys[a] !== keys[b])),
  );
  const lengths = order.map((index) => fedTokens(rows[index]!));
  /** Scored tokens of all rows before. */
  const scoredBefore = [0];
  for (const index of order) scoredBefore.push(scoredBefore.at(-1)! + rows[index]!.target.length);
  /** Where the rows before that force the same answer begin. */
  const sameFrom: number[] = [];
  for (const [at, index] of order.entries()) {
    sameFrom.push(at > 0 && keys[order[at - 1]!] === keys[index] ? sameFrom[at - 1]! : at);
  }
  const fits = (from: number, to: number): boolean => {
    if ((to - from) * lengths[to - 1]! > tokenRowsPerRun) return false;
    const isMixed = from < sameFrom[to - 1]!;
    return !isMixed || scoredBefore[to]! - scoredBefore[from]! <= mostMixed;
  };
  for (const [from, to] of packedRuns(lengths, fits)) yield order.slice(from, to);
}
