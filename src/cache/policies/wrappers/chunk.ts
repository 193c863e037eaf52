import { z } from 'zod';
import { slice } from '../../subObservation.ts';
import { defineWrapper } from '../family.ts';
import { protectionOf } from '../policy.ts';
import { refusesOwnBudgets, refusesSelections } from './refusals.ts';

/** The chunks of a prefix. */
const chunksOf = (seqLen: number, length: number): { start: number; end: number }[] =>
  Array.from({ length: Math.ceil(seqLen / length) }, (_, index) => ({
    start: index * length,
    end: Math.min(seqLen, (index + 1) * length),
  }));

/**
 * Every chunk is scored and selected alone, at its own positions (the reference rotates the queries of every chunk with
 * the last positions).
 */
export const chunk = defineWrapper({
  id: 'chunk',
  title: 'Chunk',
  paper: {
    title: 'FINCH: Prompt-guided Key-Value Cache Compression for Large Language Models',
    url: 'https://aclanthology.org/2024.tacl-1.83/',
  },
  formula:
    'The base, applied to each chunk of `length` positions alone; each keeps max(1, trunc(its length x (1 - ratio))).',
  effect: 'Every `length` tokens for themselves.',
  needs: 'nothing more; queries and rotary embedding where the base reads attention',
  cost: 'that of the base',
  schema: z.strictObject({ length: z.int().min(2).default(1024) }),
  scoresParts: true,
  refuses: (bases) =>
    refusesSelections(bases) ??
    refusesOwnBudgets(bases) ??
    (bases.some((base) => base.needs(1 << 16).secondPasses !== undefined)
      ? `${bases[0]!.id} runs over the whole cache.`
      : undefined),
  wrap: (base, { length }) => ({
    /** Attention within a chunk is not that of the prefix: it is computed from the queries. */
    needs(seqLen) {
      const { rowGroups, ...others } = base.needs(Math.min(seqLen, length));
      return rowGroups === undefined ? others : { ...others, queries: true, rotary: true };
    },
    score(layer, budget) {
      const { seqLen, kvHeads } = layer;
      const scores = new Float32Array(kvHeads * seqLen);
      for (const { start, end } of chunksOf(seqLen, length)) {
        const keptTokens = keptInChunk(end - start, budget.ratio);
        const own = base.score(slice(layer, start, end), { ...budget, keptTokens });
        for (let head = 0; head < kvHeads; head++)
          scores.set(own.subarray(head * (end - start), (head + 1) * (end - start)), head * seqLen + start);
      }
      return scores;
    },
    protect(seqLen) {
      const protections = chunksOf(seqLen, length).map(({ start, end }) => {
        const { sinks, window } = protectionOf(base, end - start);
        return { sinks: sinks.map((at) => at + start), window: window.map((at) => at + start) };
      });
      return {
        sinks: protections.flatMap(({ sinks }) => sinks),
        window: protections.flatMap(({ window }) => window),
      };
    },
    pools: (seqLen, _, ratio) =>
      chunksOf(seqLen, length).map(({ start, end }) => ({ start, end, keptTokens: keptInChunk(end - start, ratio) })),
  }),
});

const keptInChunk = (length: number, ratio: number): number => Math.max(1, Math.trunc(length * (1 - ratio)));
