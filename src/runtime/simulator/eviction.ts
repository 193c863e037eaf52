import type { DecodePolicy, DecodeState, EntryVectors, Merge } from '../../cache/decode/decodePolicy.ts';
import { compressedLayers } from '../../cache/slidingLayers.ts';
import { masked } from '../graph/signature.ts';
import type { Decoder, DecoderStep, PrefixView, StepResult } from './decoder.ts';
import type { OwnCache } from './ownCache.ts';
import { prefixBias, type HiddenEntries } from './prefixMask.ts';
import { prefixShape } from './prefixShape.ts';

/** What a conversation's policy reads of the prefill: attention of all rows, summed, [queryHeads, S]. */
export type PrefixAttention = (layer: number) => Float32Array;

/** One row of a batch. */
interface Row {
  /** By place among the layers that are compressed. */
  readonly states: readonly DecodeState[];
  /** Own tokens that are gone, by layer and KV head. */
  readonly gone: readonly (readonly number[][])[];
}

/**
 * What a policy drops of the caches of a batch while it goes on. Dropped entries are masked: in the prefix beside what the
 * row's variant evicted, and among its own tokens. Layers that slide beside layers that do not are left alone.
 */
export class Eviction {
  /** What the rows read: the variant's prefix, copied where the policy changes values. */
  readonly prefix: PrefixView;
  readonly #layers: readonly number[];
  #rows: Row[];
  #prefixBias: Float32Array[]; // per layer [kv, b, p]

  constructor(
    readonly decoder: Decoder,
    prefix: PrefixView,
    readonly policy: DecodePolicy,
    hidden: readonly HiddenEntries[],
    prefixAttention: PrefixAttention,
  ) {
    if (policy.merges && hidden.length > 1) throw new RangeError('Rows whose values change cannot share a prefix.');
    const { keyValues } = prefix;
    const values = keyValues.values.map((layer) => layer.slice());
    this.prefix = policy.merges ? { keyValues: { ...keyValues, values } } : prefix;
    const { config } = decoder;
    const { layers, queryHeads, kvHeads, headDim } = config;
    this.#layers = compressedLayers(config.attention.map(({ window }) => window));
    this.#prefixBias = prefixBias(hidden, prefixShape(decoder, prefix));
    const tokens = keyValues.tokens;
    const sums = new Map<number, Float32Array>();
    if (policy.prefixAttention) for (const layer of this.#layers) sums.set(layer, prefixAttention(layer));
    this.#rows = hidden.map((_, row) => ({
      states: this.#layers.map((layer, place) => {
        const columnSums = sums.get(layer);
        return policy.start({
          queryHeads,
          kvHeads,
          headDim,
          layer: place,
          layers: this.#layers.length,
          tokens,
          present: Array.from({ length: kvHeads }, (__, head) => {
            const start = (head * hidden.length + row) * tokens;
            const bias = this.#prefixBias[layer]!.subarray(start, start + tokens);
            return Int32Array.from(bias.keys()).filter((position) => bias[position] === 0);
          }),
          ...(columnSums === undefined ? {} : { columnSums }),
        });
      }),
      gone: Array.from({ length: layers }, () => Array.from({ length: kvHeads }, () => [])),
    }));
  }

  /** What a run of so many new tokens per row has to be told. */
  step(tokens: number, own: OwnCache | null): Pick<DecoderStep, 'prefixBias' | 'ownEntryBias' | 'rowGroups'> {
    const weights = new Float32Array(tokens);
    if (this.policy.attention === 'all-tokens') weights.fill(1);
    else weights[tokens - 1] = 1;
    const rowGroups = { count: 1, weights };
    if (own === null) return { prefixBias: this.#prefixBias, rowGroups };
    const { kvHeads } = this.decoder.config;
    const rows = this.#rows.length;
    const ownEntryBias = this.#prefixBias.map((_, layer) => {
      const bias = new Float32Array(kvHeads * rows * own.tokens);
      for (const [row, { gone }] of this.#rows.entries())
        for (const [head, tokensOfHead] of gone[layer]!.entries())
          for (const token of tokensOfHead) bias[(head * rows + row) * own.tokens + token] = masked;
      return bias;
    });
    return { prefixBias: this.#prefixBias, ownEntryBias, rowGroups };
  }

  /** Drops what the policy drops after a run that fed `tokens` tokens to each row; `own` holds them already. */
  after(result: StepResult, tokens: number, own: OwnCache): void {
    for (const [row, { states }] of this.#rows.entries()) {
      for (const [place, layer] of this.#layers.entries()) {
        const { dropped, merges = [] } = states[place]!.step({
          tokens,
          attention: this.policy.attention === 'none' ? undefined : this.#attention(result, layer, row, tokens, own),
          entries: (head, some) => this.#entries(layer, row, head, some, own),
        });
        for (const merge of merges) this.#merge(layer, row, merge, own);
        for (const [head, gone] of dropped.entries()) for (const token of gone) this.#drop(layer, row, head, token);
      }
    }
  }

  /** Keeps only these rows, in this order. */
  keepRows(rows: readonly number[]): void {
    const { kvHeads } = this.decoder.config;
    const before = this.#rows.length;
    const { tokens } = this.prefix.keyValues;
    this.#prefixBias = this.#prefixBias.map((bias) => {
      const kept = new Float32Array(kvHeads * rows.length * tokens);
      for (let head = 0; head < kvHeads; head++) {
        for (const [index, row] of rows.entries()) {
          const from = (head * before + row) * tokens;
          kept.set(bias.subarray(from, from + tokens), (head * rows.length + index) * tokens);
        }
      }
      return kept;
    });
    this.#rows = rows.map((row) => this.#rows[row]!);
  }

  #drop(layer: number, row: number, head: number, token: number): void {
    const { tokens } = this.prefix.keyValues;
    if (token < tokens) this.#prefixBias[layer]![(head * this.#rows.length + row) * tokens + token] = masked;
    else this.#rows[row]!.gone[layer]![head]!.push(token - tokens);
  }

  /** Attention of one row over the tokens so far, [queryHeads, tokens so far]. */
  #attention(result: StepResult, layer: number, row: number, tokens: number, own: OwnCache): Float32Array {
    const { queryHeads, kvHeads } = this.decoder.config;
    const { columns } = result;
    const width = columns.prefix + columns.own + columns.tokens;
    const rows = this.#rows.length;
    const earlier = own.lengths[row]! - tokens;
    const soFar = columns.prefix + earlier + tokens;
    const sums = result.sums(layer); // [kv, b, g, 1, width]
    const attention = new Float32Array(queryHeads * soFar);
    const group = queryHeads / kvHeads;
    for (let query = 0; query < queryHeads; query++) {
      const from = ((Math.floor(query / group) * rows + row) * group + (query % group)) * width;
      const past = columns.prefix + earlier; // padding follows a row's own tokens
      attention.set(sums.subarray(from, from + past), query * soFar);
      const fed = from + columns.prefix + columns.own;
      attention.set(sums.subarray(fed, fed + tokens), query * soFar + past);
    }
    return attention;
  }

  /** Where a tensor of keys or values holds a token of one row and KV head. */
  #place(layer: number, row: number, head: number, token: number, own: OwnCache) {
    const { headDim } = this.decoder.config;
    const { keys, values, tokens } = this.prefix.keyValues;
    if (token < tokens) return { keys: keys[layer]!, values: values[layer]!, at: (head * tokens + token) * headDim };
    const at = ((head * own.rows + row) * own.tokens + token - tokens) * headDim;
    return { keys: own.keys[layer]!, values: own.values[layer]!, at };
  }

  #entries(layer: number, row: number, head: number, some: ArrayLike<number>, own: OwnCache): EntryVectors {
    const { headDim } = this.decoder.config;
    const entries = {
      keys: new Float32Array(some.length * headDim),
      values: new Float32Array(some.length * headDim),
    };
    for (let index = 0; index < some.length; index++) {
      const { keys, values, at } = this.#place(layer, row, head, some[index]!, own);
      entries.keys.set(keys.subarray(at, at + headDim), index * headDim);
      entries.values.set(values.subarray(at, at + headDim), index * headDim);
    }
    return entries;
  }

  #merge(layer: number, row: number, { head, from, into, share }: Merge, own: OwnCache): void {
    const source = this.#place(layer, row, head, from, own);
    for (const token of into) {
      const target = this.#place(layer, row, head, token, own);
      for (let channel = 0; channel < this.decoder.config.headDim; channel++)
        target.values[target.at + channel]! += share * source.values[source.at + channel]!;
    }
  }
}
