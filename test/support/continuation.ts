import type { KeptSet } from '../../src/cache/keptSet.ts';
import { causalBias, nextPosition, type Decoder, type PrefixCache } from '../../src/runtime/simulator/decoder.ts';
import { hiddenEntries, prefixBias } from '../../src/runtime/simulator/prefixMask.ts';

/** Logits [tokens, vocab] of tokens fed after a prefix whose evicted entries are masked; `null` keeps all. */
export async function continueMasked(
  decoder: Decoder,
  prefix: PrefixCache,
  kept: KeptSet | null,
  ids: Int32Array,
): Promise<Float32Array> {
  const { layers, kvHeads } = decoder.config;
  const shape = { layers, kvHeads, seqLen: prefix.tokens };
  const bias =
    kept === null ? null : prefixBias([hiddenEntries({ kind: 'variant', variant: 0 }, shape, () => kept)], shape);
  return await feed(decoder, prefix, bias, ids);
}

/** The same where the kept entries are all that exists; each row of the kept set has the same number. */
export async function continueGathered(
  decoder: Decoder,
  prefix: PrefixCache,
  kept: KeptSet,
  ids: Int32Array,
): Promise<Float32Array> {
  const { kvHeads, headDim } = decoder.config;
  const tokens = kept.countKept(0, 0);
  const pick = (tensors: readonly Float32Array[]): Float32Array[] =>
    tensors.map((tensor, layer) => {
      const picked = new Float32Array(kvHeads * tokens * headDim);
      for (let head = 0; head < kvHeads; head++) {
        for (const [index, position] of kept.positions(layer, head).entries()) {
          const from = (head * prefix.tokens + position) * headDim;
          picked.set(tensor.subarray(from, from + headDim), (head * tokens + index) * headDim);
        }
      }
      return picked;
    });
  const cache = { keys: pick(prefix.keys), values: pick(prefix.values), tokens };
  return await feed(decoder, { ...prefix, ...cache, nextPosition: nextPosition(prefix) }, null, ids);
}

async function feed(
  decoder: Decoder,
  prefix: PrefixCache,
  bias: readonly Float32Array[] | null,
  ids: Int32Array,
): Promise<Float32Array> {
  const result = await decoder.run(
    {
      rows: 1,
      tokens: ids.length,
      ids,
      positions: ids.map((_, i) => nextPosition(prefix) + i),
      prefix,
      prefixBias: bias,
      own: null,
      ownBias: causalBias(1, ids.length),
      logitRows: ids.map((_, i) => i),
    },
    ['logits'],
  );
  return result.logits;
}
