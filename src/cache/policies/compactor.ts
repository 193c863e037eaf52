import { z } from 'zod';
import { slice } from '../subObservation.ts';
import { definePolicy } from './family.ts';
import { leverageScores } from './leverage.ts';
import { noncausal, noncausalScores } from './noncausal.ts';
import { positionsFrom } from './policy.ts';

/** Compactor: leverage scores and non-causal attention of the tokens between a protected start and end. */
export const compactor = definePolicy({
  id: 'compactor',
  title: 'Compactor',
  paper: noncausal.paper,
  formula:
    '`blending` (default: the compression ratio) x leverage + non-causal attention, both without the first `start` and last `end` tokens, which stay.',
  cost: 'that of noncausal and leverage',
  schema: z.strictObject({
    start: z.int().min(0).default(8),
    end: z.int().min(0).default(4),
    chunk: noncausal.schema.shape.chunk,
    sketch: z.int().min(1).default(48),
    blending: z.number().min(0).optional(),
    seed: z.int().min(0).default(0),
  }),
  create({ start, end, chunk, sketch, blending, seed }) {
    const middle = (seqLen: number) => {
      const from = Math.min(start, seqLen);
      return { from, to: Math.max(from, seqLen - end) };
    };
    return {
      summary: 'Keeps the tokens whose keys cannot be replaced and that others attend to, in either direction.',
      needs: () => ({ queries: true, rotary: true }),
      score(layer, budget) {
        const { seqLen, kvHeads } = layer;
        const { from, to } = middle(seqLen);
        const scores = new Float32Array(kvHeads * seqLen);
        if (from === to) return scores;
        const inner = slice(layer, from, to);
        const unique = leverageScores(inner, sketch, seed, budget.layer);
        const attended = noncausalScores(inner, chunk);
        const share = blending ?? budget.ratio;
        const length = to - from;
        for (let head = 0; head < kvHeads; head++)
          for (let index = 0; index < length; index++)
            scores[head * seqLen + from + index] =
              share * unique[head * length + index]! + attended[head * length + index]!;
        return scores;
      },
      protect(seqLen) {
        const { from, to } = middle(seqLen);
        return { sinks: positionsFrom(0, from), window: positionsFrom(to, seqLen) };
      },
    };
  },
});
