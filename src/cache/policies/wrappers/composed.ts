import { z } from 'zod';
import { unionOfNeeds } from '../../layerObservation.ts';
import { keptCount, lowestScore, planSelection, select } from '../../selection.ts';
import { gather } from '../../subObservation.ts';
import { defineWrapper } from '../family.ts';
import { protectionOf, type Policy } from '../policy.ts';
import { refusesAllButScores, refusesAttention } from './refusals.ts';

/** Entries after each of several steps that together remove `ratio`; each removes the same share. */
function stages(seqLen: number, ratio: number, steps: number): number[] {
  const each = 1 - (1 - ratio) ** (1 / steps);
  const counts: number[] = [];
  for (let step = 0, left = seqLen; step < steps; step++) counts.push((left = keptCount(left, each).keptTokens));
  return counts;
}

/** Several policies, one after the other, each on what the one before kept. */
export const composed = defineWrapper({
  id: 'composed',
  title: 'Composed',
  paper: { title: 'kvpress: ComposedPress', url: 'https://github.com/NVIDIA/kvpress' },
  formula:
    'Each of k policies keeps (1 - ratio)^(1/k) of what the one before kept; those after the first read keys and values only. What leaves early scores lowest.',
  effect: 'What is left of it goes through the next.',
  needs: 'nothing more; policies after the first may read keys and values only',
  cost: 'the sum of its parts',
  schema: z.strictObject({}),
  bases: [2, 8],
  scoresParts: true,
  refuses: (bases) => refusesAllButScores(bases) ?? refusesAttention(bases.slice(1)),
  wrap: (_, __, bases) => ({
    needs: (seqLen) => unionOfNeeds(bases.map((base) => base.needs(seqLen))),
    budgets: (layers, ratio) => layers.map(({ seqLen }) => stages(seqLen, ratio, bases.length).at(-1)!),
    protect: (seqLen) => protectionOf(bases.at(-1)!, seqLen),
    score(layer, budget) {
      const { seqLen, kvHeads } = layer;
      const counts = stages(seqLen, budget.ratio, bases.length);
      let present = Array.from({ length: kvHeads }, () => Int32Array.from({ length: seqLen }, (_unused, at) => at));
      const last = bases.at(-1)!;
      const scored = (base: Policy, keptTokens: number) => {
        const length = present[0]!.length;
        const scores = base.score(length === seqLen ? layer : gather(layer, present), { ...budget, keptTokens });
        return present.map((_unused, head) => scores.subarray(head * length, (head + 1) * length));
      };
      for (const [step, base] of bases.slice(0, -1).entries()) {
        const rows = scored(base, counts[step]!);
        const plan = planSelection(rows[0]!.length, counts[step]!, protectionOf(base, rows[0]!.length));
        present = present.map((positions, head) =>
          select(rows[head]!, plan, `${base.title}, KV head ${head}`).map((index) => positions[index]!),
        );
      }
      const scores = new Float32Array(kvHeads * seqLen).fill(lowestScore);
      for (const [head, row] of scored(last, counts.at(-1)!).entries())
        for (const [index, position] of present[head]!.entries()) scores[head * seqLen + position] = row[index]!;
      return scores;
    },
  }),
});
