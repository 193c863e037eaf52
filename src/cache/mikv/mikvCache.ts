import { HoldfastError } from '../../errors.ts';
import { exactBytes, sumBytes } from '../bytes.ts';
import type { KeptSet } from '../keptSet.ts';
import { heldTokens } from '../quantised/cacheShape.ts';
import { toHalves } from '../quantised/float16.ts';
import {
  assertFinite,
  byTensor,
  type CacheLayer,
  type KeysAndValues,
  type QuantisedCache,
} from '../quantised/quantisedCache.ts';
import { channelBalancer } from './balancer.ts';
import { dequantiseGroups, quantiseGroups, type QuantisedBits } from './groupQuantiser.ts';
import { balancerBytes, mikvEntryBytes, mikvGroupSize } from './mikvBytes.ts';
import { tierNames, type MikvPrecision } from './mikvSettings.ts';

/** What mixed precision needs of the exact prefill of one layer. */
export interface MikvLayer extends CacheLayer {
  /** Each channel's largest |query| (`queryMagnitudes`); needed for the balancer. */
  readonly queryMax?: Float32Array; // [kvHeads, headDim]
}

/**
 * MiKV (arXiv 2402.18096): nothing is evicted. Entries of the tier are stored at high precision and all others, which
 * eviction would have dropped, at a low one, per token and KV head in two groups of channels. Layers that the tier leaves
 * alone (sliding windows) are stored in fp16. One-shot: the tiers are formed after the exact prefill, and stay.
 *
 * @throws HoldfastError `unsupported-model` for an odd head dimension, `engine-failed` for an element that is not finite.
 */
export function mikvCache(layers: readonly MikvLayer[], tier: KeptSet, precision: MikvPrecision): QuantisedCache {
  const title = `mixed precision ${tierNames(precision)}`;
  const stored = layers.map((layer, index): KeysAndValues => {
    if (layer.headDim % 2 !== 0) {
      throw new HoldfastError(
        'unsupported-model',
        `Mixed precision halves heads, and ${layer.headDim} channels are odd.`,
        'Leave mixed precision out for this model.',
      );
    }
    assertFinite(layer, layer, index, 'was not computed');
    const read = tier.compressedLayers.includes(index)
      ? storeLayer(layer, index, tier, precision)
      : { keys: toHalves(layer.keys), values: toHalves(layer.values) };
    assertFinite(read, layer, index, `does not fit into ${title}`);
    return read;
  });
  return { keyValues: byTensor(stored), bytes: mikvBytes(layers, tier, precision), notes: notes(layers, tier) };
}

function storeLayer(layer: MikvLayer, index: number, tier: KeptSet, precision: MikvPrecision): KeysAndValues {
  const balancer = precision.balancer ? balancerOf(layer, index) : undefined;
  const mixed = (exact: Float32Array, factors?: Float32Array): Float32Array => {
    const read = requantise(exact, layer, precision.retained, factors);
    const important = requantise(exact, layer, precision.importance, factors);
    for (let head = 0; head < layer.kvHeads; head++) {
      for (const position of tier.positions(index, head)) {
        const start = (head * layer.seqLen + position) * layer.headDim;
        read.set(important.subarray(start, start + layer.headDim), start);
      }
    }
    return read;
  };
  return { keys: mixed(layer.keys, balancer), values: mixed(layer.values) };
}

function balancerOf(layer: MikvLayer, index: number): Float32Array {
  if (layer.queryMax === undefined)
    throw new RangeError(`The balancer of layer ${index} needs the largest queries of the prompt.`);
  return channelBalancer(layer.keys, layer.queryMax, layer);
}

/** All rows at one precision, read back. Rows in 16 bits need no balancing. */
function requantise(
  exact: Float32Array,
  { seqLen, headDim }: MikvLayer,
  bits: 16 | QuantisedBits,
  factors?: Float32Array,
): Float32Array {
  if (bits === 16) return toHalves(exact);
  const factor = (index: number): number =>
    factors === undefined ? 1 : factors[Math.floor(index / (seqLen * headDim)) * headDim + (index % headDim)]!;
  const balanced = exact.map((value, index) => value * factor(index));
  const read = dequantiseGroups(quantiseGroups(balanced, mikvGroupSize(headDim), bits));
  return read.map((value, index) => value / factor(index));
}

function mikvBytes(layers: readonly MikvLayer[], tier: KeptSet, precision: MikvPrecision): QuantisedCache['bytes'] {
  return sumBytes(
    layers.flatMap((layer, index) => {
      const { kvHeads, seqLen, headDim, window } = layer;
      if (!tier.compressedLayers.includes(index)) return [exactBytes(kvHeads * heldTokens(seqLen, window), headDim)];
      let important = 0;
      for (let head = 0; head < kvHeads; head++) important += tier.countKept(index, head);
      const entries = { important, retained: kvHeads * seqLen - important };
      return [mikvEntryBytes(entries, headDim, precision), balancerBytes(layer, precision)];
    }),
  );
}

function notes(layers: readonly MikvLayer[], tier: KeptSet): string[] {
  const left = layers.length - tier.compressedLayers.length;
  return left === 0 ? [] : [`${left} of ${layers.length} layers have a sliding window and stay in FP16.`];
}
