import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import { noise } from '../noise.ts';
import { cam } from '../policies/wrappers/cam.ts';
import { planSelection, select } from '../selection.ts';
import { defineDecodeOf } from './decodeFamily.ts';
import type { Merge } from './decodePolicy.ts';
import { IntervalClock, intervalParameters } from './interval.ts';
import { Presence } from './presence.ts';
import { refusesWhileGenerating, scoresOfHeld } from './scoredChoice.ts';

/**
 * CaM while generating. All heads of a layer drop the same places of their caches, so these have to be of one length. Of
 * the dropped entries as many as there were calls since the last time may be merged, the best first.
 */
export const mergingDecode = defineDecodeOf({
  id: 'cam',
  title: 'CaM',
  paper: cam.paper,
  formula:
    'As `decoding`, with scores that are means over KV heads. Of the dropped entries the best, one per call since the last time, are merged with probability A_i / mean A of the next `window` that stay (A: attention of the last token of each call, summed over calls, mean over the group): the value, divided by their number, is added to each.',
  schema: z.strictObject({
    ...intervalParameters,
    window: z.int().min(1).default(32),
    seed: z.int().min(0).default(0),
  }),
  refuses: refusesWhileGenerating,
  create: (base, { window, seed, ...settings }) => ({
    attention: 'last-token',
    prefixAttention: false,
    merges: true,
    start(layer) {
      const { queryHeads, kvHeads } = layer;
      const presence = new Presence(layer);
      const clock = new IntervalClock(settings, layer.tokens);
      const group = queryHeads / kvHeads;
      const stream = noise(seed, layer.layer);
      /** Attention received since the conversation began, [kvHeads][tokens]. */
      const received = Array.from({ length: kvHeads }, (): number[] => []);
      return {
        step(call) {
          presence.append(call.tokens);
          const { tokens, heads } = presence;
          for (let query = 0; query < queryHeads; query++) {
            const ofHead = received[Math.floor(query / group)]!;
            while (ofHead.length < tokens) ofHead.push(0);
            for (let token = 0; token < tokens; token++)
              ofHead[token]! += call.attention![query * tokens + token]! / group;
          }
          const due = clock.due(call.tokens, tokens);
          const length = commonLength(heads);
          if (due === undefined || length <= due.entries) return { dropped: heads.map(() => new Int32Array(0)) };

          const ofHeads = heads.map((held, head) => scoresOfHeld(base, layer, head, held, call, due.entries));
          const scores = ofHeads[0]!.scores.map(
            (_, place) => ofHeads.reduce((sum, each) => sum + each.scores[place]!, 0) / kvHeads,
          );
          const plan = planSelection(length, due.entries, ofHeads[0]!.protection);
          const kept = [...select(scores, plan, `${base.title}, layer ${layer.layer}`)];
          const isKept = new Set(kept);
          const dropped = [...scores.keys()].filter((place) => !isKept.has(place));
          const best = [...dropped].sort((a, b) => scores[b]! - scores[a]! || b - a).slice(0, due.calls);
          const merges: Merge[] = [];
          for (const from of best.sort((a, b) => a - b)) {
            const next = kept.findIndex((place) => place > from);
            const into = next < 0 ? [] : kept.slice(next, next + window);
            for (const [head, held] of heads.entries()) {
              const drawn = stream.uniform();
              if (into.length === 0) continue;
              const paid = (place: number): number => received[head]![held[place]!]!;
              const mean = into.reduce((sum, place) => sum + paid(place), 0) / into.length;
              if (drawn >= (mean > 0 ? paid(from) / mean : paid(from) > 0 ? 1 : 0)) continue;
              merges.push({ head, from: held[from]!, into: into.map((place) => held[place]!), share: 1 / into.length });
            }
          }
          return {
            merges,
            dropped: heads.map((held, head) =>
              presence.drop(
                head,
                dropped.map((place) => held[place]!),
              ),
            ),
          };
        },
      };
    },
  }),
});

/** @throws HoldfastError `invalid-settings` where heads hold different numbers of entries. */
function commonLength(heads: readonly (readonly number[])[]): number {
  const { length } = heads[0]!;
  if (heads.every((held) => held.length === length)) return length;
  throw new HoldfastError(
    'invalid-settings',
    'CaM drops the same places in all heads of a layer, but they hold different numbers of entries.',
    'Compress the prefix with a policy that keeps as many entries in every head, or generate with decoding(...).',
  );
}
