import type { Batches } from '../memory/batches.ts';
import { mixedReferenceBytes } from '../memory/estimate.ts';

/** A user turn and the answer that is forced after it. */
export interface ForcedTurn {
  readonly suffix: Int32Array;
  readonly target: Int32Array;
}

/** Equal for rows that force the same answer after the same suffix: they share a reference. */
export const forcedKey = ({ suffix, target }: ForcedTurn): string => `${suffix.join()}|${target.join()}`;

/** Tokens that a run feeds to a row: the last token of the answer predicts nothing that is asked for. */
export const fedTokens = ({ suffix, target }: ForcedTurn): number => suffix.length + target.length - 1;

/**
 * Which rows are forced in one run, as indices. Rows of like length share a run with little padding. A run over one answer
 * compares all rows with the same probabilities; one over several takes those of each row along, so these are bounded.
 */
export function* forcedRuns(
  rows: readonly ForcedTurn[],
  { tokenRowsPerRun }: Pick<Batches, 'tokenRowsPerRun'>,
  vocabSize: number,
): Generator<number[]> {
  const keys = rows.map(forcedKey);
  const mostMixed = mixedReferenceBytes / (vocabSize * Float32Array.BYTES_PER_ELEMENT);
  const order = [...rows.keys()].sort(
    (a, b) => fedTokens(rows[a]!) - fedTokens(rows[b]!) || (keys[a]! < keys[b]! ? -1 : Number(keys[a] !== keys[b])),
  );
  let run: number[] = [];
  let scored = 0;
  for (const index of order) {
    const { target } = rows[index]!;
    const isMixed = run.length > 0 && keys[run[0]!] !== keys[index];
    const isFull = (run.length + 1) * fedTokens(rows[index]!) > tokenRowsPerRun;
    if (run.length > 0 && (isFull || (isMixed && scored + target.length > mostMixed))) {
      yield run;
      run = [];
      scored = 0;
    }
    run.push(index);
    scored += target.length;
  }
  if (run.length > 0) yield run;
}
