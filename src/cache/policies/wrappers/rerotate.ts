import { z } from 'zod';
import { moved } from '../../rotary.ts';
import { defineWrapper } from '../family.ts';
import { refusesOwnBudgets, refusesSelections } from './refusals.ts';
import { after } from './transforms.ts';

/** Kept keys are moved together, so that positions have no gaps; what follows continues after them. */
export const rerotate = defineWrapper({
  id: 'rerotate',
  title: 'Re-rotated',
  paper: {
    title: 'Efficient Streaming Language Models with Attention Sinks',
    url: 'https://arxiv.org/abs/2309.17453',
  },
  formula: 'The kept keys, in order, are rotated to the positions 0..n-1; the conversation continues at n.',
  effect: 'Their positions close up.',
  needs: 'rotary embedding',
  cost: 'n x d per KV head',
  schema: z.strictObject({}),
  refuses: (bases) =>
    refusesSelections(bases) ??
    refusesOwnBudgets(bases) ??
    (bases[0]!.positions === 'rerotated' ? `${bases[0]!.id} is re-rotated already.` : undefined),
  wrap: (base) => ({
    needs: (seqLen) => ({ ...base.needs(seqLen), rotary: true }),
    positions: 'rerotated',
    transform: after(base, (layer, kept) => {
      const { seqLen, headDim } = layer;
      const rotary = layer.rotary();
      const table = rotary.at(0, seqLen);
      const keys = layer.keys.slice();
      for (const [head, positions] of kept.entries())
        for (const [place, position] of positions.entries())
          moved(keys, (head * seqLen + position) * headDim, rotary, table, position, place);
      return { keys };
    }),
  }),
});
