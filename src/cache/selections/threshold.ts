import { rankable } from '../selection.ts';
import { withinLayers, type Selection } from './selection.ts';

/** Keeps the last `window` positions, what is protected, and every score of at least `threshold`, however many these are. */
export const atLeast = (threshold: number, window: number): Selection =>
  withinLayers((layer, { seqLen, kvHeads, plans }) => {
    const required = new Set(
      plans(layer.keptTokens).flatMap(({ whitelist, protection }) => [...whitelist, ...protection]),
    );
    const positions = Int32Array.from({ length: seqLen }, (_, position) => position);
    return Array.from({ length: kvHeads }, (_, head) =>
      positions.filter((position) => {
        const score = rankable(layer.scores[head * seqLen + position]!, position, layer.origin(head));
        return position >= seqLen - window || required.has(position) || score >= threshold;
      }),
    );
  });
