import { tova } from '../policies/tova.ts';
import type { DecodePolicy } from './decodePolicy.ts';
import { Presence } from './presence.ts';

/** TOVA while generating: the newest token votes, with all its query heads. */
export const tovaDecode: DecodePolicy = {
  id: 'tova',
  title: 'TOVA',
  paper: tova.paper,
  formula:
    'After each token goes the entry to which its queries attend least, mean over all query heads; the token itself stays.',
  readsAttention: true,
  start(layer) {
    const { queryHeads, budget } = layer;
    const presence = new Presence(layer, budget);
    return {
      step(attention) {
        if (attention === undefined) throw new RangeError('TOVA needs the attention of each step.');
        presence.append();
        const { tokens } = presence;
        const means = new Float64Array(tokens);
        for (let query = 0; query < queryHeads; query++)
          for (let token = 0; token < tokens; token++) means[token]! += attention[query * tokens + token]! / queryHeads;
        return presence.shrink(1, (_, token) => means[token]!);
      },
    };
  },
};
