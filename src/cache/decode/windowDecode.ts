import { z } from 'zod';
import { streamingLlm } from '../policies/streamingLlm.ts';
import { defineDecode } from './decodeFamily.ts';
import { budgetedEntries, entryBudget } from './entryBudget.ts';
import { Presence } from './presence.ts';

/** A window that moves on with every token, after first tokens that stay: StreamingLLM and rotating caches. */
export const windowDecode = defineDecode({
  id: 'window',
  title: 'Window and sinks',
  paper: streamingLlm.paper,
  formula: 'The first `sinks` tokens stay, as far as the budget has room for one more; of the others go the oldest.',
  schema: z.strictObject({ sinks: z.int().min(0).default(4), budget: entryBudget }),
  create: ({ sinks, budget }) => ({
    attention: 'none',
    prefixAttention: false,
    merges: false,
    start(layer) {
      const entries = budgetedEntries(budget, layer.tokens);
      const staying = Math.min(sinks, entries - 1);
      const presence = new Presence(layer);
      return {
        step(call) {
          presence.append(call.tokens);
          return { dropped: presence.shrink(entries, 1, (_, token) => (token < staying ? Infinity : token)) };
        },
      };
    },
  }),
});
