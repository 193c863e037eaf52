import { streamingLlm } from '../policies/streamingLlm.ts';
import type { DecodePolicy } from './decodePolicy.ts';
import { Presence } from './presence.ts';

/** A window that moves on with every token, after `sinks` first tokens that stay: StreamingLLM and rotating caches. */
export function windowDecode({ sinks }: { readonly sinks: number }): DecodePolicy {
  return {
    id: 'window',
    title: 'Window and sinks',
    paper: streamingLlm.paper,
    formula: `The first ${sinks} tokens stay; of the others goes the oldest.`,
    readsAttention: false,
    start(layer) {
      const presence = new Presence(layer, layer.budget);
      return {
        step() {
          presence.append();
          return presence.shrink(1, (_, token) => (token < sinks ? Infinity : token));
        },
      };
    },
  };
}
