import { positionsFrom, type Policy } from './policy.ts';

/** StreamingLLM: the first `sinks` positions and the most recent ones, the same in every layer and KV head. */
export function createStreamingLlm({ sinks }: { readonly sinks: number }) {
  return {
    id: 'streaming-llm',
    title: 'StreamingLLM',
    paper: {
      title: 'Efficient Streaming Language Models with Attention Sinks',
      url: 'https://arxiv.org/abs/2309.17453',
    },
    summary: `Keeps the first ${sinks} tokens and the most recent ones, whatever they say.`,
    parameters: { sinks },
    rowGroups: () => [],
    /** 1, except 0 for the block after the sinks that has to go. */
    score({ seqLen, kvHeads }, keptTokens) {
      const scores = new Float32Array(kvHeads * seqLen).fill(1);
      const evictedEnd = Math.min(seqLen, sinks + seqLen - keptTokens);
      for (let head = 0; head < kvHeads; head++) scores.fill(0, head * seqLen + sinks, head * seqLen + evictedEnd);
      return scores;
    },
    protect: (seqLen) => ({ sinks: positionsFrom(0, Math.min(sinks, seqLen)), window: [] }),
  } as const satisfies Policy;
}

export const streamingLlm = createStreamingLlm({ sinks: 4 });
