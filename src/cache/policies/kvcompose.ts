import { z } from 'zod';
import type { SecondPass } from '../secondPass.ts';
import { acrossLayers } from '../selections/acrossRows.ts';
import { compositeTokens } from '../selections/compositeTokens.ts';
import { definePolicy } from './family.ts';
import { groupMean } from './groupMean.ts';
import { norms } from './norms.ts';

/** KVCompose: attention when the context is read once more, and one ranking of composite tokens over all layers. */
export const kvcompose = definePolicy({
  id: 'kvcompose',
  title: 'KVCompose',
  paper: {
    title: 'KVCompose: Efficient Structured KV Cache Compression with Composite Tokens',
    url: 'https://arxiv.org/abs/2509.05165',
  },
  formula:
    'Attention of the prefix, read a second time, to each entry (`reduce` over its tokens, mean over the group, `valueNorm`: x value norm), plus its mean over KV heads. The k-th best entries of all heads form a composite token; the best trunc(L x S x (1 - ratio)) of all layers set the budget of each layer. `structured` off: the best entries of all layers and heads.',
  cost: 'a second run as long as the prefix',
  schema: z.strictObject({
    structured: z.boolean().default(true),
    reduce: z.enum(['max', 'mean']).default('max'),
    valueNorm: z.boolean().default(false),
  }),
  create({ structured, reduce, valueNorm }) {
    const passFor = (seqLen: number): SecondPass => ({
      feed: [{ kind: 'prefix', start: 0, end: seqLen }],
      among: [{ start: 0, end: seqLen }],
      scored: { start: 0, end: seqLen },
      reduce,
      perHiddenNorm: false,
    });
    return {
      summary: 'Keeps the entries that are read when the context is read again; layers get what they need.',
      needs: (seqLen) => ({ secondPasses: [passFor(seqLen)] }),
      score(layer) {
        const { seqLen, kvHeads, headDim } = layer;
        const scores = groupMean(layer, layer.secondPass(passFor(seqLen)));
        if (valueNorm) {
          const lengths = norms(layer.values, headDim);
          for (const [entry, length] of lengths.entries()) scores[entry]! *= length;
        }
        const means = new Float64Array(seqLen);
        for (const [entry, score] of scores.entries()) means[entry % seqLen]! += score / kvHeads;
        return Float32Array.from(scores, (score, entry) => score + means[entry % seqLen]!);
      },
      selection: structured ? compositeTokens : acrossLayers,
    };
  },
});
