/** The mean of some measurements. `sem` is null where one measurement says nothing about the spread. */
export interface Mean {
  readonly n: number;
  readonly mean: number;
  /** Standard error: sample deviation (n - 1) / sqrt(n). */
  readonly sem: number | null;
}

/** Null for no measurement at all, which is not zero. */
export function meanOf(values: readonly (number | boolean)[]): Mean | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = sumOf(values) / n;
  return { n, mean, sem: n === 1 ? null : Math.sqrt(variance(values)! / n) };
}

const sumOf = (values: readonly (number | boolean)[]): number =>
  values.reduce<number>((sum, value) => sum + Number(value), 0);

/** The sample variance; null below two values. */
export function variance(values: readonly (number | boolean)[]): number | null {
  if (values.length < 2) return null;
  const mean = sumOf(values) / values.length;
  return values.reduce<number>((sum, value) => sum + (Number(value) - mean) ** 2, 0) / (values.length - 1);
}

/** The least-squares slope of y over x; null where all x are equal. */
export function slope(x: readonly number[], y: readonly number[]): number | null {
  if (x.length !== y.length) throw new RangeError(`A slope needs pairs, got ${x.length} and ${y.length} values.`);
  const [meanX, meanY] = [sumOf(x) / x.length, sumOf(y) / y.length];
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  if (!(spread > 0)) return null;
  return x.reduce((sum, value, i) => sum + (value - meanX) * (y[i]! - meanY), 0) / spread;
}

/** Spearman's rank correlation, ties at their mean rank; null where one side has only one rank. */
export function spearman(x: readonly number[], y: readonly number[]): number | null {
  if (x.length !== y.length) throw new RangeError(`A correlation needs pairs, got ${x.length} and ${y.length} values.`);
  const [ranksX, ranksY] = [ranks(x), ranks(y)];
  const [spreadX, spreadY] = [variance(ranksX), variance(ranksY)];
  if (spreadX === null || spreadY === null || spreadX === 0 || spreadY === 0) return null;
  return slope(ranksX, ranksY)! * Math.sqrt(spreadX / spreadY);
}

/** Ranks from 1, equal values at the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}
