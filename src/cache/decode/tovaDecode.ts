import { z } from 'zod';
import { tova } from '../policies/tova.ts';
import { defineDecode } from './decodeFamily.ts';
import { budgetedEntries, entryBudget } from './entryBudget.ts';
import { Presence } from './presence.ts';

/** TOVA while generating: the newest token votes, with all its query heads. */
export const tovaDecode = defineDecode({
  id: 'tova',
  title: 'TOVA',
  paper: tova.paper,
  formula: 'The entries go to which the newest token attends least, mean over all query heads; the token itself stays.',
  schema: z.strictObject({ budget: entryBudget }),
  create: ({ budget }) => ({
    attention: 'last-token',
    prefixAttention: false,
    merges: false,
    start(layer) {
      const { queryHeads } = layer;
      const entries = budgetedEntries(budget, layer.tokens);
      const presence = new Presence(layer);
      return {
        step(call) {
          presence.append(call.tokens);
          const { tokens } = presence;
          const means = new Float64Array(tokens);
          for (let query = 0; query < queryHeads; query++)
            for (let token = 0; token < tokens; token++)
              means[token]! += call.attention![query * tokens + token]! / queryHeads;
          return { dropped: presence.shrink(entries, 1, (_, token) => means[token]!) };
        },
      };
    },
  }),
});
