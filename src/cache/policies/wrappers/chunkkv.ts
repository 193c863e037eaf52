import { z } from 'zod';
import { bestOfEachHead } from '../../selections/selection.ts';
import { wholeChunks } from '../../selections/wholeChunks.ts';
import { defineWrapper } from '../family.ts';
import { refusesOwnBudgets, refusesSelections } from './refusals.ts';

/** ChunkKV: whole chunks stay or go. */
export const chunkkv = defineWrapper({
  id: 'chunkkv',
  title: 'ChunkKV',
  paper: {
    title: 'ChunkKV: Semantic-Preserving KV Cache Compression for Efficient Long-Context LLM Inference',
    url: 'https://arxiv.org/abs/2502.00299',
  },
  formula:
    "A chunk of `length` positions scores the mean over them of the base's scores, summed over KV heads; the best max(1, trunc(chunks x (1 - ratio))) chunks stay in all heads.",
  effect: 'Whole chunks of `length` tokens stay or go.',
  needs: 'nothing more',
  cost: 'S per KV head',
  schema: z.strictObject({ length: z.int().min(1).default(20) }),
  refuses: (bases) => refusesSelections(bases) ?? refusesOwnBudgets(bases),
  wrap: (base, { length }) => ({
    /** A prefix that is shorter than one chunk goes by single positions. */
    selection: (task) => (task.seqLen < length ? bestOfEachHead : wholeChunks(length))(task),
  }),
});
