import { rankable, selectTop } from '../selection.ts';
import { joined, withinLayers, type Selection } from './selection.ts';

/** A row of scores [S] that competes with others for a common number of entries. */
interface Row {
  readonly scores: Float32Array;
  readonly origin: string;
  /** Ascending positions that this row keeps before it competes. */
  readonly kept: Int32Array;
}

/**
 * The best `total` entries of several rows together, after what each keeps beforehand; of equal scores the earlier row wins,
 * then the lower position.
 */
function bestTogether(rows: readonly Row[], candidates: Int32Array, total: number): Int32Array[] {
  const open = rows.map(({ kept }) => {
    const taken = new Set(kept);
    return candidates.filter((position) => !taken.has(position));
  });
  const free = total - rows.reduce((sum, { kept }) => sum + kept.length, 0);
  const competing = new Float32Array(open.reduce((sum, positions) => sum + positions.length, 0));
  let filled = 0;
  for (const [index, positions] of open.entries())
    for (const position of positions)
      competing[filled++] = rankable(rows[index]!.scores[position]!, position, rows[index]!.origin);
  const winners = selectTop(competing, Math.max(0, Math.min(free, competing.length)), rows[0]!.origin);
  let winner = 0;
  let end = 0;
  return rows.map(({ kept }, index) => {
    const positions = open[index]!;
    const start = end;
    end += positions.length;
    const won: number[] = [];
    for (; winner < winners.length && winners[winner]! < end; winner++) won.push(positions[winners[winner]! - start]!);
    return joined([kept, Int32Array.from(won)]);
  });
}

/**
 * The best entries of all KV heads of a layer together; each head first keeps its own best `safeShare` of the budget
 * (protected positions among them).
 */
export const acrossHeads = (safeShare: number): Selection =>
  withinLayers((layer, { seqLen, kvHeads, plans }) => {
    const perPlan = plans(layer.keptTokens).map((plan) => {
      const safe = Math.trunc(plan.keptTokens * safeShare);
      const rows = Array.from({ length: kvHeads }, (_, head) => {
        const scores = layer.scores.subarray(head * seqLen, (head + 1) * seqLen);
        const origin = layer.origin(head);
        const own = Math.min(plan.candidates.length, Math.max(0, safe - plan.protectedPositions.length));
        return {
          scores,
          origin,
          kept: joined([plan.protectedPositions, selectTop(scores, own, origin, plan.candidates)]),
        };
      });
      return bestTogether(rows, plan.candidates, kvHeads * plan.keptTokens);
    });
    return Array.from({ length: kvHeads }, (_, head) => joined(perPlan.map((heads) => heads[head]!)));
  });

/**
 * The best entries of all layers and KV heads together: of E entries, `trunc(E * ratio)` go. Where the prefix is divided,
 * each part keeps its share of every row's budget instead.
 */
export const acrossLayers: Selection = ({ seqLen, kvHeads, ratio, layers, plans }) => {
  const parts = plans(layers[0]!.keptTokens);
  const perPlan = parts.map((plan) => {
    const rows = layers.flatMap((layer) =>
      Array.from({ length: kvHeads }, (_, head) => ({
        scores: layer.scores.subarray(head * seqLen, (head + 1) * seqLen),
        origin: layer.origin(head),
        kept: plan.protectedPositions,
      })),
    );
    const entries = rows.length * seqLen;
    const total = parts.length === 1 ? entries - Math.trunc(entries * ratio) : rows.length * plan.keptTokens;
    return bestTogether(rows, plan.candidates, total);
  });
  return layers.map((_, layer) =>
    Array.from({ length: kvHeads }, (__, head) => joined(perPlan.map((rows) => rows[layer * kvHeads + head]!))),
  );
};
