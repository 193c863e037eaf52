/** What shares a number of entries. */
export interface Share {
  /** Entries that it has; its quota never exceeds them. */
  readonly length: number;
  /** Entries that it gets whatever the others get. */
  readonly minimum: number;
  /** How much of its entries count: equal weights give equal retention. At least 0.001. */
  readonly weight: number;
}

/**
 * Divides `total` entries among shares in proportion to weight x length. With cumulative lengths `E_i` of equal weights a
 * quota is `floor(total * E_i / S) - floor(total * E_(i-1) / S)`, in integer arithmetic, which for two shares is the rule of
 * the Pitfalls paper's code (the remainder goes to the later one). Quotas add up to `total`; what exceeds a length or falls
 * short of a minimum is settled with the others.
 *
 * @throws RangeError when the minimums exceed `total`, or `total` the lengths.
 */
export function quotas(total: number, shares: readonly Share[]): number[] {
  const sum = (of: (share: Share) => number): number => shares.reduce((all, share) => all + of(share), 0);
  if (sum(({ minimum }) => minimum) > total || total > sum(({ length }) => length))
    throw new RangeError(`${total} entries cannot be divided within these bounds.`);
  const settled = settle(total, shares);
  let remaining = total;
  for (const quota of settled) remaining -= quota ?? 0;
  const open = shares.filter((_, index) => settled[index] === undefined);
  const whole = open.reduce((all, share) => all + claim(share), 0);
  let claimed = 0;
  let given = 0;
  return shares.map((share, index) => {
    const quota = settled[index];
    if (quota !== undefined) return quota;
    claimed += claim(share);
    const upTo = Math.floor((remaining * claimed) / whole);
    const own = upTo - given;
    given = upTo;
    return own;
  });
}

/** Weights count in thousandths, so that all is integer arithmetic. */
const claim = ({ length, weight }: Share): number => Math.max(1, Math.round(weight * 1000)) * length;

/** The shares whose proportion is outside their bounds, at the bound; undefined for the others. */
function settle(total: number, shares: readonly Share[]): (number | undefined)[] {
  const settled: (number | undefined)[] = shares.map(({ length }) => (length === 0 ? 0 : undefined));
  for (;;) {
    const open = [...shares.keys()].filter((index) => settled[index] === undefined);
    const remaining = settled.reduce<number>((left, quota) => left - (quota ?? 0), total);
    const whole = open.reduce((all, index) => all + claim(shares[index]!), 0);
    const above = open.filter((index) => remaining * claim(shares[index]!) > shares[index]!.length * whole);
    const below = open.filter((index) => remaining * claim(shares[index]!) < shares[index]!.minimum * whole);
    if (above.length === 0 && below.length === 0) return settled;
    // The side that is further off is settled first; the other may come into bounds by that.
    const surplus = (index: number, bound: number): number =>
      Math.abs((remaining * claim(shares[index]!)) / whole - bound);
    const excess = above.reduce((all, index) => all + surplus(index, shares[index]!.length), 0);
    const deficit = below.reduce((all, index) => all + surplus(index, shares[index]!.minimum), 0);
    if (excess > deficit) for (const index of above) settled[index] = shares[index]!.length;
    else for (const index of below) settled[index] = shares[index]!.minimum;
  }
}
