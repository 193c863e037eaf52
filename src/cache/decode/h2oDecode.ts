import { h2o } from '../policies/h2o.ts';
import type { DecodePolicy } from './decodePolicy.ts';
import { Presence } from './presence.ts';

/** H2O of its paper: raw attention that an entry has received so far, per KV head, and a recent half that always stays. */
export const h2oDecode: DecodePolicy = {
  id: 'h2o',
  title: 'H2O',
  paper: h2o.paper,
  formula:
    'Of the budget the last half stays; of the others goes the entry with the least attention so far, summed over all rows and the query heads of the group.',
  readsAttention: true,
  start(layer) {
    const { queryHeads, kvHeads, columnSums, tokens, budget } = layer;
    const presence = new Presence(layer, budget);
    const group = queryHeads / kvHeads;
    /** Attention received by each token, per KV head. */
    const received = Array.from({ length: kvHeads }, () => new Array<number>(tokens).fill(0));
    const add = (attention: Float32Array): void => {
      const columns = attention.length / queryHeads;
      for (let query = 0; query < queryHeads; query++) {
        const ofHead = received[Math.floor(query / group)]!;
        for (let token = 0; token < columns; token++) ofHead[token]! += attention[query * columns + token]!;
      }
    };
    if (columnSums !== undefined) add(columnSums);
    return {
      step(attention) {
        if (attention === undefined) throw new RangeError('H2O needs the attention of each step.');
        presence.append();
        for (const ofHead of received) ofHead.push(0);
        add(attention);
        return presence.shrink(budget - Math.floor(budget / 2), (head, token) => received[head]![token]!);
      },
    };
  },
};
