import { z } from 'zod';
import { planSelection, select } from '../selection.ts';
import { defineDecodeOf } from './decodeFamily.ts';
import { IntervalClock, intervalParameters } from './interval.ts';
import { Presence } from './presence.ts';
import { refusesWhileGenerating, scoresOfHeld } from './scoredChoice.ts';

/** Any plain policy, again and again: kvpress's DecodingPress and its form by ratio. */
export const intervalDecode = defineDecodeOf({
  id: 'decoding',
  title: 'Every few tokens',
  paper: {
    title: 'Expected Attention: KV Cache Compression by Estimating Attention from Future Queries Distribution',
    url: 'https://arxiv.org/abs/2510.00636',
  },
  formula:
    'Every `interval` calls (the user turn is one, each generated token another), or after a call of at least `target` tokens, each KV head keeps the `target` entries that the base scores highest; with `ratio`, max(1, trunc(t (1 - ratio))) of the t tokens so far.',
  schema: z.strictObject(intervalParameters),
  refuses: refusesWhileGenerating,
  create: (base, settings) => ({
    attention: 'none',
    prefixAttention: false,
    merges: false,
    start(layer) {
      const presence = new Presence(layer);
      const clock = new IntervalClock(settings, layer.tokens);
      return {
        step(call) {
          presence.append(call.tokens);
          const due = clock.due(call.tokens, presence.tokens);
          return {
            dropped: presence.heads.map((held, head) => {
              if (due === undefined || held.length <= due.entries) return new Int32Array(0);
              const { scores, protection } = scoresOfHeld(base, layer, head, held, call, due.entries);
              const plan = planSelection(held.length, due.entries, protection);
              const kept = new Set(select(scores, plan, `${base.title}, layer ${layer.layer}, KV head ${head}`));
              return presence.drop(
                head,
                held.filter((_, index) => !kept.has(index)),
              );
            }),
          };
        },
      };
    },
  }),
});
