import type { Decoder } from './decoder.ts';
import type { Prefill } from './prefill.ts';
import type { PrefixShape } from './prefixMask.ts';

export const prefixShape = (decoder: Decoder, prefix: Prefill): PrefixShape => ({
  layers: decoder.config.layers,
  kvHeads: decoder.config.kvHeads,
  seqLen: prefix.keyValues.tokens,
});
