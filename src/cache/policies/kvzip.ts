import { z } from 'zod';
import { groupSize, type LayerObservation } from '../layerObservation.ts';
import type { SecondPass } from '../secondPass.ts';
import { acrossHeads, acrossLayers } from '../selections/acrossRows.ts';
import { definePolicy } from './family.ts';
import { outputNorms } from './outputNorms.ts';
import { firstStay } from './policy.ts';

/** Tokens of the previous chunk that a later chunk's request quotes. */
const quotedTokens = 8;

/** One run per chunk of the prefix: the model is asked to repeat it, and the repetition is fed. */
function repetitions(seqLen: number, sinks: number, chunk: number, perHiddenNorm: boolean): SecondPass[] {
  return Array.from({ length: Math.ceil(seqLen / chunk) }, (_, index) => {
    const scored = { start: index * chunk, end: Math.min(seqLen, (index + 1) * chunk) };
    const beginning = { start: 0, end: Math.min(sinks, scored.start) };
    return {
      feed: [
        ...(index === 0
          ? [{ kind: 'text' as const, text: '\n\nRepeat the previous context exactly.' }]
          : [
              {
                kind: 'text' as const,
                text: '\n\nRepeat the part of the previous context exactly, starting with',
              },
              { kind: 'prefix' as const, start: Math.max(0, scored.start - quotedTokens), end: scored.start },
            ]),
        { kind: 'answer-header' as const },
        { kind: 'prefix' as const, ...scored },
      ],
      among: beginning.end > 0 ? [beginning, scored] : [scored],
      scored,
      reduce: 'max' as const,
      perHiddenNorm,
    };
  });
}

/** The largest attention of any pass, [queryHeads, S]. */
function passScores(layer: LayerObservation, passes: readonly SecondPass[]): Float32Array {
  const { seqLen, queryHeads } = layer;
  const scores = new Float32Array(queryHeads * seqLen);
  for (const pass of passes) {
    const { start, end } = pass.scored;
    const attention = layer.secondPass(pass);
    for (let head = 0; head < queryHeads; head++)
      scores.set(attention.subarray(head * (end - start), (head + 1) * (end - start)), head * seqLen + start);
  }
  return scores;
}

/**
 * KVzip: what the model attends to when it repeats its context. The reference never scores what the chat template writes
 * before the user's text; here the whole system turn is the context.
 */
export const kvzip = definePolicy({
  id: 'kvzip',
  title: 'KVzip',
  paper: {
    title: 'KVzip: Query-Agnostic KV Cache Compression with Context Reconstruction',
    url: 'https://arxiv.org/abs/2505.23416',
  },
  formula:
    'Largest attention that any token of a repetition of the prefix (in chunks of `chunk`) pays to a position, max over the group; `plus`: each weight x norm of its output / norm of the hidden state. The lowest trunc(E x ratio) of all E entries of all layers go (`layerwise`: of each layer); the sinks stay.',
  cost: 'a second run as long as the prefix',
  schema: z.strictObject({
    plus: z.boolean().default(false),
    layerwise: z.boolean().default(false),
    sinks: z.int().min(0).default(4),
    chunk: z.int().min(16).default(2048),
  }),
  create({ plus, layerwise, sinks, chunk }) {
    return {
      summary: 'Keeps the entries that the model reads when it repeats its context, wherever they are.',
      needs: (seqLen) => ({
        secondPasses: repetitions(seqLen, sinks, chunk, plus),
        ...(plus ? { outputWeight: true } : {}),
      }),
      score(layer) {
        const { seqLen, kvHeads, queryHeads } = layer;
        const attention = passScores(layer, repetitions(seqLen, sinks, chunk, plus));
        const outputs = plus ? outputNorms(layer, 2) : undefined;
        const group = groupSize(layer);
        const scores = new Float32Array(kvHeads * seqLen);
        for (let query = 0; query < queryHeads; query++) {
          const head = Math.floor(query / group);
          for (let position = 0; position < seqLen; position++) {
            const value = attention[query * seqLen + position]! * (outputs?.[query * seqLen + position] ?? 1);
            const entry = head * seqLen + position;
            scores[entry] = Math.max(scores[entry]!, value);
          }
        }
        return scores;
      },
      protect: firstStay(sinks),
      selection: layerwise ? acrossHeads(0) : acrossLayers,
    };
  },
});
