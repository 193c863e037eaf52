import { compress, type CompressOptions } from '../compress.ts';
import { KeptSet } from '../keptSet.ts';
import { groupSize, type LayerObservation } from '../layerObservation.ts';
import { positionsFrom, type Policy } from '../policies/policy.ts';
import { ratioThatKeeps } from '../ratioThatKeeps.ts';
import { planSelection } from '../selection.ts';
import { compressedLayers } from '../slidingLayers.ts';

/**
 * H2O's score as MiKV uses it: attention summed over all queries and over the query heads of the KV head, not divided by
 * the number of queries that see a position. It favours early positions (ZipCache, arXiv 2405.14256, reports it).
 */
export const cumulativeH2o = {
  id: 'h2o-cumulative',
  title: 'H2O (cumulative)',
  paper: {
    title: 'No Token Left Behind: Reliable KV Cache Compression via Importance-Aware Mixed Precision Quantization',
    url: 'https://arxiv.org/abs/2402.18096',
  },
  summary: 'Keeps the tokens with the most attention in total.',
  parameters: {},
  needs: () => ({ rowGroups: ['all'] }),
  score(layer) {
    const { seqLen, kvHeads } = layer;
    const sums = layer.columnSums('all');
    const group = groupSize(layer);
    return Float32Array.from({ length: kvHeads * seqLen }, (_, index) => {
      const first = Math.floor(index / seqLen) * group;
      let sum = 0;
      for (let query = first; query < first + group; query++) sum += sums[query * seqLen + (index % seqLen)]!;
      return sum;
    });
  },
} as const satisfies Policy;

export const importanceSplits = ['heavy', 'half-recent'] as const;

/** Protections apply to the tier: a whitelist forces the high precision. */
export interface ImportanceTierOptions extends CompressOptions {
  /** Scores of the tier. */
  readonly policy?: Policy;
  /** `half-recent` reserves half of the tier, rounded down, for the last positions; the paper does not say which it is. */
  readonly split?: (typeof importanceSplits)[number];
}

/** Entries per KV head of a tier of that share: `floor(ratio * S)`. */
export function importanceCount(seqLen: number, importanceRatio: number): number {
  if (!(importanceRatio >= 0 && importanceRatio <= 1))
    throw new RangeError(`An importance ratio is in [0, 1], got ${importanceRatio}.`);
  return Math.floor(importanceRatio * seqLen);
}

/**
 * The entries of each layer and KV head that get the high precision: as many as asked for, those that the policy would
 * keep. Any other kept set can be a tier too.
 *
 * @throws HoldfastError as `compress` does.
 */
export function importanceTier(
  layers: readonly LayerObservation[],
  count: number,
  { policy = cumulativeH2o, split = 'heavy', ...protections }: ImportanceTierOptions = {},
): KeptSet {
  const first = layers[0];
  if (first === undefined) throw new RangeError('A cache needs at least one layer.');
  const { seqLen } = first;
  if (count === 0) return emptyTier(layers, protections);
  const tier = split === 'heavy' ? policy : withRecent(policy, Math.floor(count / 2));
  return compress(layers, tier, ratioThatKeeps(count, seqLen), protections).kept;
}

/** Compression keeps at least one entry; a tier may have none. */
function emptyTier(layers: readonly LayerObservation[], { whitelist = [] }: CompressOptions): KeptSet {
  const { kvHeads, seqLen } = layers[0]!;
  planSelection(seqLen, 0, { whitelist, sinks: [], window: [] }); // refuses a whitelist
  const compressed = compressedLayers(layers.map(({ window }) => window));
  const tier = KeptSet.full(layers.length, kvHeads, seqLen, compressed);
  for (const layer of compressed) for (let head = 0; head < kvHeads; head++) tier.clear(layer, head);
  return tier;
}

/** The same policy, with its last positions protected. */
function withRecent(policy: Policy, recent: number): Policy {
  return {
    ...policy,
    protect(seqLen) {
      const own = policy.protect?.(seqLen) ?? { sinks: [], window: [] };
      return { ...own, window: [...new Set([...own.window, ...positionsFrom(seqLen - recent, seqLen)])] };
    },
  };
}
