import type { Decoder, PrefixView } from './decoder.ts';
import type { PrefixShape } from './prefixMask.ts';

export const prefixShape = (decoder: Decoder, prefix: PrefixView): PrefixShape => ({
  layers: decoder.config.layers,
  kvHeads: decoder.config.kvHeads,
  seqLen: prefix.keyValues.tokens,
});
