import { z } from 'zod';
import { lowestScore, planSelection, select } from '../../selection.ts';
import { gather } from '../../subObservation.ts';
import { defineWrapper } from '../family.ts';
import { positionsFrom, protectionOf } from '../policy.ts';
import { refusesAllButScores, refusesAttention } from './refusals.ts';

/** Entries come in blocks, and after each the best n so far stay. */
export const block = defineWrapper({
  id: 'block',
  title: 'Block-wise',
  paper: {
    title:
      'KeyDiff: Key Similarity-Based KV Cache Eviction for Long-Context LLM Inference in Resource-Constrained Environments',
    url: 'https://arxiv.org/abs/2504.15364',
  },
  formula:
    'From the first n positions on, each next `length` positions join those kept so far, the base scores all of them and the best n stay. What leaves early scores lowest.',
  effect: 'Decided anew after every `length` tokens.',
  needs: 'nothing more; the base may read keys and values only',
  cost: 'S / length times that of the base on n + length tokens',
  schema: z.strictObject({ length: z.int().min(1).default(128) }),
  scoresParts: true,
  refuses: (bases) => refusesAllButScores(bases) ?? refusesAttention(bases),
  wrap: (base, { length }) => ({
    score(layer, budget) {
      const { seqLen, kvHeads } = layer;
      const n = Math.min(seqLen, budget.keptTokens);
      const scores = new Float32Array(kvHeads * seqLen).fill(lowestScore);
      let kept = Array.from({ length: kvHeads }, () => Int32Array.from(positionsFrom(0, n)));
      for (let start = n; ; start += length) {
        const joining = positionsFrom(start, Math.min(seqLen, start + length));
        const present = kept.map((positions) => Int32Array.of(...positions, ...joining));
        const count = present[0]!.length;
        const own = base.score(gather(layer, present), budget);
        const plan = planSelection(count, n, protectionOf(base, count));
        const rows = present.map((_, head) => own.subarray(head * count, (head + 1) * count));
        if (start + length >= seqLen) {
          for (const [head, positions] of present.entries())
            for (const [index, position] of positions.entries()) scores[head * seqLen + position] = rows[head]![index]!;
          return scores;
        }
        kept = present.map((positions, head) =>
          select(rows[head]!, plan, `${base.title}, KV head ${head}`).map((index) => positions[index]!),
        );
      }
    },
  }),
});
