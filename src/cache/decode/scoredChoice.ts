import { createObservation } from '../layerObservation.ts';
import { refusesAllButScores, refusesAttention } from '../policies/wrappers/refusals.ts';
import { protectionOf, type Budget, type Policy } from '../policies/policy.ts';
import type { DecodeCall, DecodeStart } from './decodePolicy.ts';

/** While generating there are keys and values of what is held, and scores of plain policies. */
export const refusesWhileGenerating = (base: Policy): string | undefined =>
  refusesAllButScores([base]) ??
  refusesAttention([base]) ??
  (base.positions === 'rerotated' ? `${base.id} moves keys together.` : undefined);

/**
 * Scores of the entries that one KV head holds, as if they were a whole prefix, for a cache of `keptTokens` entries. What
 * the policy protects ranks above all others.
 */
export function scoresOfHeld(
  base: Policy,
  start: Pick<DecodeStart, 'queryHeads' | 'kvHeads' | 'headDim' | 'layer' | 'layers'>,
  head: number,
  held: readonly number[],
  call: DecodeCall,
  keptTokens: number,
): { readonly scores: Float32Array; readonly protection: ReturnType<typeof protectionOf> } {
  const { queryHeads, kvHeads, headDim, layer, layers } = start;
  const observation = createObservation({
    seqLen: held.length,
    queryHeads: queryHeads / kvHeads,
    kvHeads: 1,
    headDim,
    window: null,
    ...call.entries(head, held),
  });
  // Heads are observed one by one: each draws its own random numbers.
  const budget: Budget = {
    keptTokens,
    ratio: 1 - keptTokens / held.length,
    layer: layer * kvHeads + head,
    layers: layers * kvHeads,
  };
  return { scores: base.score(observation, budget), protection: protectionOf(base, held.length) };
}
