/** What starting a run takes, in tokens fed to a row. */
const startTokens = 16;
/** Token rows for which kernels unpack the weights anew, and what that takes, in tokens fed to a row (measured). */
const blockRows = 128;
const blockTokens = 8;

/** What a run of so many token rows takes, in tokens fed to a row. */
const runTokens = (tokenRows: number): number =>
  startTokens + tokenRows + blockTokens * Math.ceil(tokenRows / blockRows);

/**
 * Splits rows of ascending length, each padded to the longest of its run, into runs that take the least time together: `[from, to)` of
 * each. `fits`: whether a run can hold these rows; more rows never fit where fewer do not, and one always does.
 */
export function packedRuns(
  lengths: readonly number[],
  fits: (from: number, to: number) => boolean,
): (readonly [from: number, to: number])[] {
  const least: number[] = [0];
  const start: number[] = [0];
  for (let to = 1; to <= lengths.length; to++) {
    least[to] = Infinity;
    for (let from = to - 1; from >= 0 && (from === to - 1 || fits(from, to)); from--) {
      const fed = least[from]! + runTokens((to - from) * lengths[to - 1]!);
      if (fed >= least[to]!) continue;
      least[to] = fed;
      start[to] = from;
    }
  }
  const runs: (readonly [number, number])[] = [];
  for (let to = lengths.length; to > 0; to = start[to]!) runs.push([start[to]!, to]);
  return runs.reverse();
}
