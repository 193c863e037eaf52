import { cellOf, type Judgement, type ScoredPrompt } from './score.ts';
import { slope, spearman, variance } from './statistics.ts';

/** What one prompt adds to the accuracy of each family under one policy: prompts are resampled as these. */
export interface FamilyTally {
  readonly instructions: readonly number[]; // [families]
  readonly followed: readonly (readonly number[])[]; // [ratios][families]
}

/** One for each prompt that was measured at every ratio. */
export function familyTallies(
  prompts: readonly ScoredPrompt[],
  families: readonly string[],
  policy: string,
  ratios: readonly number[],
  judgement: Judgement,
): FamilyTally[] {
  return prompts.flatMap((prompt) => {
    const { instructions } = prompt.row;
    const cells = ratios.map((ratio) => cellOf(prompt, policy, ratio));
    if (cells.includes(undefined)) return [];
    const count = (counts: (index: number) => boolean): number[] =>
      families.map((family) => instructions.filter((each, i) => each.family === family && counts(i)).length);
    return [
      {
        instructions: count(() => true),
        followed: cells.map((cell) => count((i) => cell!.followed[judgement][i]!)),
      },
    ];
  });
}

/** [ratios][families]; null for a family without instructions. */
export function familyAccuracies(tallies: readonly FamilyTally[]): (number | null)[][] {
  const first = tallies[0];
  if (first === undefined) return [];
  const total = first.instructions.map((_, family) =>
    tallies.reduce((sum, each) => sum + each.instructions[family]!, 0),
  );
  return first.followed.map((_, ratio) =>
    total.map((n, family) =>
      n === 0 ? null : tallies.reduce((sum, each) => sum + each.followed[ratio]![family]!, 0) / n,
    ),
  );
}

/** Spearman's correlation of the families' order at the ratio of that index with their order at the first. */
export function rankCorrelation(accuracies: readonly (readonly (number | null)[])[], ratio: number): number | null {
  const [before, after] = [accuracies[0], accuracies[ratio]];
  if (before === undefined || after === undefined) return null;
  const known = before.flatMap((value, i) => {
    const later = after[i] ?? null;
    return value === null || later === null ? [] : [{ value, later }];
  });
  return spearman(
    known.map(({ value }) => value),
    known.map(({ later }) => later),
  );
}

/**
 * How far apart the families degrade: the variance of the slopes of their accuracies over the ratio, each divided by the
 * family's accuracy at the first ratio. Families that start at 0 have no slope; null for fewer than two others.
 */
export function slopeSpread(
  accuracies: readonly (readonly (number | null)[])[],
  ratios: readonly number[],
): number | null {
  const slopes = (accuracies[0] ?? []).flatMap((base, family) => {
    const curve = accuracies.map((row) => row[family] ?? null);
    if (base === null || base === 0 || curve.includes(null)) return [];
    return (
      slope(
        ratios,
        curve.map((value) => value! / base),
      ) ?? []
    );
  });
  return variance(slopes);
}
