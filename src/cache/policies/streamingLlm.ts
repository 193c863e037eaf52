import { z } from 'zod';
import { roundHalfEven } from '../roundHalfEven.ts';
import { definePolicy } from './family.ts';
import { firstStay, type FairSpan, type Pool } from './policy.ts';

/** StreamingLLM: the first `sinks` positions and the most recent ones, the same in every layer and KV head. */
export const streamingLlm = definePolicy({
  id: 'streaming-llm',
  title: 'StreamingLLM',
  paper: {
    title: 'Efficient Streaming Language Models with Attention Sinks',
    url: 'https://arxiv.org/abs/2309.17453',
  },
  formula: 'The first `sinks` and the last n - `sinks` positions stay.',
  cost: 'none',
  schema: z.strictObject({ sinks: z.int().min(0).default(4) }),
  create({ sinks }) {
    return {
      summary: `Keeps the first ${sinks} tokens and the most recent ones, whatever they say.`,
      needs: () => ({}),
      /** 1, except 0 for the block after the sinks that has to go. */
      score({ seqLen, kvHeads }, { keptTokens }) {
        const scores = new Float32Array(kvHeads * seqLen).fill(1);
        const evictedEnd = Math.min(seqLen, sinks + seqLen - keptTokens);
        for (let head = 0; head < kvHeads; head++) scores.fill(0, head * seqLen + sinks, head * seqLen + evictedEnd);
        return scores;
      },
      protect: firstStay(sinks),
      fair: (spans, lambda) => ({
        shares: 'global',
        changes: {
          score: ({ seqLen, kvHeads }) => repeated(ramps(spans, sinks, seqLen), kvHeads),
          ...(lambda === undefined
            ? {}
            : { pools: (seqLen, keptTokens) => lambdaPools(spans, sinks, seqLen, keptTokens, lambda) }),
        },
      }),
    };
  },
});

/** Equal ramps from 0.1 to 0.9 over the positions of each span after the sinks: the tail of each stays. */
function ramps(spans: readonly FairSpan[], sinks: number, seqLen: number): Float32Array {
  const row = new Float32Array(seqLen).fill(1);
  for (const { start, end } of spans) {
    const first = Math.max(sinks, start);
    for (let position = first; position < end; position++)
      row[position] = 0.1 + (end - first > 1 ? (0.8 * (position - first)) / (end - first - 1) : 0);
  }
  return row;
}

const repeated = (row: Float32Array, heads: number): Float32Array => {
  const rows = new Float32Array(heads * row.length);
  for (let head = 0; head < heads; head++) rows.set(row, head * row.length);
  return rows;
};

/**
 * The paper's rule between the default (lambda 0: the last spans fill the budget) and equal shares (lambda 1), for the
 * entries besides the sinks; more than two spans divide cumulatively.
 */
function lambdaPools(
  spans: readonly FairSpan[],
  sinks: number,
  seqLen: number,
  keptTokens: number,
  lambda: number,
): Pool[] {
  const first = Math.min(sinks, seqLen);
  const free = Math.max(0, keptTokens - first);
  const total = seqLen - first;
  const pools: Pool[] = [{ start: 0, end: first, keptTokens: Math.min(first, keptTokens) }];
  let given = 0;
  for (const [index, span] of spans.entries()) {
    const start = Math.max(first, span.start);
    const end = Math.max(start, span.end);
    const fair = Math.floor((free * (end - first)) / Math.max(1, total));
    const byDefault = Math.max(0, free - (seqLen - end));
    const upTo = index === spans.length - 1 ? free : roundHalfEven(lambda * fair + (1 - lambda) * byDefault);
    const own = Math.min(end - start, Math.max(0, upTo - given, free - given - (seqLen - end)));
    given += own;
    pools.push({ start, end, keptTokens: own });
  }
  return pools;
}
