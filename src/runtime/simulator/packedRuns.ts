/** What starting a run takes, in tokens fed to a row: reading all weights, and operators that are too small for all cores. */
const startTokens = 20;

/**
 * Splits rows of ascending length, each padded to the longest of its run, into runs that feed the fewest tokens: `[from, to)` of
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
      const fed = least[from]! + (to - from) * lengths[to - 1]! + startTokens;
      if (fed >= least[to]!) continue;
      least[to] = fed;
      start[to] = from;
    }
  }
  const runs: (readonly [number, number])[] = [];
  for (let to = lengths.length; to > 0; to = start[to]!) runs.push([start[to]!, to]);
  return runs.reverse();
}
