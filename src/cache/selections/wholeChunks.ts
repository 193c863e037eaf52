import { HoldfastError } from '../../errors.ts';
import type { Range } from '../layerObservation.ts';
import { selectTop, type SelectionPlan } from '../selection.ts';
import { joined, withinLayers, type ScoredLayer, type Selection } from './selection.ts';

/**
 * Keeps whole chunks of `length` neighbours, the same in every KV head. A chunk scores the mean over its tokens of the sum
 * over heads; positions that the policy protects count as one above the highest score, as in the reference. A chunk with a
 * whitelisted position goes first. A shorter last chunk counts as a chunk, so the kept number is a multiple of `length`
 * give or take that one.
 */
export const wholeChunks = (length: number): Selection =>
  withinLayers((layer, { seqLen, kvHeads, ratio, plans }) => {
    const parts = plans(layer.keptTokens);
    const kept = parts.map((plan) => {
      const chunks = chunksOf(plan.range, length);
      const keptShare = parts.length === 1 ? 1 - ratio : plan.keptTokens / (plan.range.end - plan.range.start);
      const count = Math.max(plan.keptTokens === 0 ? 0 : 1, Math.trunc(chunks.length * keptShare));
      return bestChunks(layer, plan, chunks, count, seqLen, kvHeads);
    });
    const positions = joined(kept);
    return Array.from({ length: kvHeads }, () => positions);
  });

function chunksOf({ start, end }: Range, length: number): Range[] {
  return Array.from({ length: Math.ceil((end - start) / length) }, (_, index) => ({
    start: start + index * length,
    end: Math.min(end, start + (index + 1) * length),
  }));
}

function bestChunks(
  layer: ScoredLayer,
  plan: SelectionPlan,
  chunks: readonly Range[],
  count: number,
  seqLen: number,
  kvHeads: number,
): Int32Array {
  const { scores } = layer;
  const highest = scores.reduce((best, score) => Math.max(best, score), -Infinity);
  const guarded = new Set(plan.protection);
  const means = Float32Array.from(chunks, ({ start, end }) => {
    let sum = 0;
    for (let position = start; position < end; position++) {
      if (guarded.has(position)) sum += kvHeads * (highest + 1);
      else for (let head = 0; head < kvHeads; head++) sum += scores[head * seqLen + position]!;
    }
    return sum / (end - start);
  });
  const required = new Set(plan.whitelist);
  const forced = [...chunks.keys()].filter((index) => {
    const { start, end } = chunks[index]!;
    for (let position = start; position < end; position++) if (required.has(position)) return true;
    return false;
  });
  if (forced.length > count)
    throw new HoldfastError(
      'invalid-settings',
      `The whitelist touches ${forced.length} chunks, of which ${count} can stay.`,
      'Protect fewer tokens, use shorter chunks or a smaller compression ratio.',
    );
  const free = Int32Array.from(chunks.keys()).filter((index) => !forced.includes(index));
  const best = selectTop(means, count - forced.length, layer.origin(0), free);
  const kept = [...forced, ...best].map((index) => chunks[index]!);
  return joined(kept.map(({ start, end }) => Int32Array.from({ length: end - start }, (_, index) => start + index)));
}
