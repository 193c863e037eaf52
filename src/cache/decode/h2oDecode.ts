import { z } from 'zod';
import { h2o } from '../policies/h2o.ts';
import { defineDecode } from './decodeFamily.ts';
import { budgetedEntries, entryBudget } from './entryBudget.ts';
import { Presence } from './presence.ts';

/** H2O of its paper: raw attention that an entry has received so far, per KV head, and a recent half that always stays. */
export const h2oDecode = defineDecode({
  id: 'h2o',
  title: 'H2O',
  paper: h2o.paper,
  formula:
    'Of the budget the last half stays; of the others go the entries with the least attention so far, summed over all rows and the query heads of the group.',
  schema: z.strictObject({ budget: entryBudget }),
  create: ({ budget }) => ({
    attention: 'all-tokens',
    prefixAttention: true,
    merges: false,
    start(layer) {
      const { queryHeads, kvHeads, columnSums, tokens } = layer;
      if (columnSums === undefined) throw new RangeError('H2O needs the attention of the prefix.');
      const entries = budgetedEntries(budget, tokens);
      const presence = new Presence(layer);
      const group = queryHeads / kvHeads;
      /** Attention received by each token, per KV head. */
      const received = Array.from({ length: kvHeads }, (): number[] => []);
      const add = (attention: Float32Array): void => {
        const columns = attention.length / queryHeads;
        for (const ofHead of received) while (ofHead.length < columns) ofHead.push(0);
        for (let query = 0; query < queryHeads; query++) {
          const ofHead = received[Math.floor(query / group)]!;
          for (let token = 0; token < columns; token++) ofHead[token]! += attention[query * columns + token]!;
        }
      };
      add(columnSums);
      return {
        step(call) {
          presence.append(call.tokens);
          add(call.attention!);
          const recent = entries - Math.floor(entries / 2);
          return { dropped: presence.shrink(entries, recent, (head, token) => received[head]![token]!) };
        },
      };
    },
  }),
});
