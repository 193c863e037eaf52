import { noise } from '../../src/cache/noise.ts';

export interface Scored {
  readonly prompt: string;
  readonly isLost: boolean;
  readonly score: number;
}

/** Area under the ROC curve: the chance that a lost pair scores above one that is not, ties one half. NaN without both. */
export function auroc(scored: readonly Scored[]): number {
  const sorted = scored.toSorted((a, b) => a.score - b.score);
  let rankSum = 0;
  for (let from = 0; from < sorted.length;) {
    let to = from;
    while (to < sorted.length && sorted[to]!.score === sorted[from]!.score) to++;
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) if (sorted[i]!.isLost) rankSum += rank;
    from = to;
  }
  const lost = sorted.filter(({ isLost }) => isLost).length;
  return (rankSum - (lost * (lost + 1)) / 2) / (lost * (sorted.length - lost));
}

export function byPrompt<T extends { readonly prompt: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(item.prompt, [...(groups.get(item.prompt) ?? []), item]);
  return groups;
}

const resamples = 2000;

/** 95 % interval by bootstrap over prompts: pairs of one prompt are not independent, so prompts are drawn whole. */
export function bootstrapInterval(scored: readonly Scored[], seed: number): { low: number; high: number } {
  const groups = [...byPrompt(scored).values()];
  const stream = noise(seed);
  const values: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const value = auroc(groups.flatMap(() => groups[Math.floor(stream.uniform() * groups.length)]!));
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  const at = (share: number): number => values[Math.floor(share * (values.length - 1))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}
