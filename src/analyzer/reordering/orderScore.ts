import { gridVariants } from '../rules/grid.ts';
import { isLost, largestLeak } from '../variants/comparison.ts';
import type { Fix, OrderScore, PromptReport, VariantReport } from '../report.ts';

/**
 * The instructions whose loss counts, by text (ids and influence change with the order): those with influence in the order
 * as it stands, and defenses, whose effect shows in the leak.
 */
export function countedInstructions(report: PromptReport, influenceFloor: number): ReadonlySet<string> {
  return new Set(
    report.instructions
      .filter(({ kind, influence }) => kind === 'defense' || (influence !== null && influence.nats >= influenceFloor))
      .map(({ text }) => text),
  );
}

/** How much one order suffers: mean over variants of the directive leak plus the share of counted instructions lost. */
export function scoreOrder(report: PromptReport, counted: ReadonlySet<string>): OrderScore {
  const cells = gridVariants(report).map((variant) => ({
    lost: lostIn(report, variant, counted),
    leak: leakIn(variant),
  }));
  const pairs = counted.size * cells.length;
  const lost = cells.reduce((sum, cell) => sum + cell.lost, 0);
  const leak = cells.reduce((sum, cell) => sum + cell.leak, 0);
  const perVariant = Math.max(1, cells.length);
  return {
    lost,
    pairs,
    leak: Math.max(0, ...cells.map((cell) => cell.leak)),
    harm: leak / perVariant + (pairs === 0 ? 0 : lost / pairs),
  };
}

/** Before and after, variant by variant. */
export function compareOrders(before: PromptReport, after: PromptReport, counted: ReadonlySet<string>): Fix['cells'] {
  return gridVariants(before).flatMap((variant) => {
    const other = after.variants.find(({ id }) => id === variant.id);
    if (other === undefined) return [];
    return {
      variant: variant.id,
      leakBefore: leakIn(variant),
      leakAfter: leakIn(other),
      lostBefore: lostIn(before, variant, counted),
      lostAfter: lostIn(after, other, counted),
    };
  });
}

const leakIn = (variant: VariantReport): number => largestLeak(variant) ?? 0;

function lostIn(report: PromptReport, variant: VariantReport, counted: ReadonlySet<string>): number {
  return variant.instructions.filter((cell, i) => isLost(cell) && counted.has(report.instructions[i]!.text)).length;
}
