import {
  createObservation,
  rowGroupKey,
  rowRange,
  type LayerObservation,
  type RowGroup,
} from '../../cache/layerObservation.ts';
import { secondPassKey } from '../../cache/secondPass.ts';
import { needsLongRope, rotaryOfLayer } from '../graph/rope.ts';
import { largestBatches, type Batches } from '../memory/batches.ts';
import { causalBias, type Decoder, type LayerKeyValues, type PrefixCache } from './decoder.ts';
import type { Pause } from './pause.ts';
import type { PassResult } from './secondPass.ts';
import { firstTokens, resized, reusableBeginning, reusablePart, type Checkpoint } from './prefixReuse.ts';

/** Checkpoints per prefill: their sums take memory in proportion. */
const maxCheckpoints = 8;

/** Whether the state after `tokens` of `total` tokens is worth keeping. */
function isCheckpoint(tokens: number, total: number, prefillChunk: number): boolean {
  const chunks = Math.ceil(total / prefillChunk);
  return (tokens / prefillChunk) % Math.ceil(chunks / maxCheckpoints) === 0;
}

export interface PrefillOptions extends Pick<Batches, 'prefillChunk'> {
  /** Keeps the queries of all tokens before RoPE, for policies that score them. */
  readonly queries?: boolean;
  /** The weight of a layer's output projection, [hidden, queryHeads * headDim], for policies that score with it. */
  readonly outputWeight?: ((layer: number) => Float32Array) | undefined;
  /** Results of second passes by `secondPassKey`, filled in once the prefill is there to run them on. */
  readonly secondPasses?: ReadonlyMap<string, PassResult>;
  /** Prefills whose beginning may be taken over, in whole chunks. */
  readonly earlier?: readonly Prefill[];
  /** Prefills of which any beginning may be taken over, where no groups and no queries are asked for. */
  readonly beginnings?: readonly Prefill[];
}

/** The exact prefill of one system turn: what variants share, and what policies score. */
export interface Prefill {
  readonly ids: Int32Array;
  readonly keyValues: PrefixCache; // each [kv, S, d]
  readonly observations: readonly LayerObservation[];
  /** Logits after the last token, [vocab]. */
  readonly lastLogits: Float32Array;
  readonly prefillChunk: number;
  /** Per layer [queryHeads, S, headDim], before RoPE; null where they were not asked for. */
  readonly queries: readonly Float32Array[] | null;
  /** Where a prefill of another text with the same beginning can go on. */
  readonly checkpoints: readonly Checkpoint[];
}

/**
 * Runs the system turn through the model at positions 0..S-1 and keeps keys, values and the attention sums of `groups`.
 * Chunked equals one-shot within float noise. What the text has in common with one of `earlier` is not run again; the
 * result is the same bit for bit, because chunks begin at the same tokens either way. After one of `beginnings` they do not.
 */
export async function prefill(
  decoder: Decoder,
  ids: Int32Array,
  groups: readonly RowGroup[],
  pause: Pause,
  progress?: (done: number, total: number) => void,
  options: PrefillOptions = largestBatches,
): Promise<Prefill> {
  const { prefillChunk, earlier = [], beginnings = [] } = options;
  const { queries: wantsQueries = false, outputWeight, secondPasses } = options;
  const { layers, kvHeads, headDim, queryHeads } = decoder.config;
  const total = ids.length;
  const longRope = needsLongRope(decoder.config, total);
  const usable = wantsQueries ? earlier.filter((other) => other.queries !== null) : earlier;
  const isScored = groups.length > 0 || wantsQueries;
  const begun =
    (isScored ? null : reusableBeginning(ids, longRope, beginnings)) ??
    reusablePart(ids, groups, { longRope, prefillChunk }, usable);
  let { keys, values } =
    begun === null ? emptyKeyValues(layers) : firstTokens(begun.from.keyValues, begun.tokens, kvHeads);
  const queries = wantsQueries
    ? Array.from({ length: layers }, (_, layer) =>
        begun === null
          ? new Float32Array(queryHeads * total * headDim)
          : resized(begun.from.queries![layer]!, queryHeads, begun.from.ids.length * headDim, total * headDim),
      )
    : null;
  const sums = groups.map((group) =>
    Array.from({ length: layers }, (_, layer) =>
      begun === null || group !== 'all'
        ? new Float32Array(queryHeads * total)
        : resized(begun.sums[layer]!, queryHeads, begun.tokens, total),
    ),
  );
  // A prefill that goes on from between two chunks has checkpoints of the chunks before only.
  const checkpoints: Checkpoint[] =
    begun === null ? [] : begun.from.checkpoints.filter(({ tokens }) => tokens <= begun.tokens);
  const allRows = groups.indexOf('all');
  let lastLogits = new Float32Array(0);
  for (let start = begun?.tokens ?? 0; start < total; start += prefillChunk) {
    await pause();
    const tokens = Math.min(prefillChunk, total - start);
    const isLast = start + tokens === total;
    const result = await decoder.run(
      {
        rows: 1,
        tokens,
        ids: ids.slice(start, start + tokens),
        positions: Int32Array.from({ length: tokens }, (_, i) => start + i),
        prefix: { keys, values, tokens: start, longRope },
        prefixBias: null,
        own: null,
        ownBias: causalBias(1, tokens),
        rowGroups: groupWeights(groups, total, start, tokens),
        logitRows: Int32Array.of(tokens - 1),
      },
      ['keyValues', 'sums', ...(isLast ? (['logits'] as const) : []), ...(wantsQueries ? (['queries'] as const) : [])],
    );
    for (const [layer, target] of queries?.entries() ?? []) {
      placeQueries(target, result.queries(layer), { queryHeads, headDim, total, start, tokens });
    }
    for (const [group, perLayer] of sums.entries()) {
      for (let layer = 0; layer < layers; layer++) {
        const { columns } = result;
        addSums(perLayer[layer]!, result.sums(layer), {
          queryHeads,
          total,
          start,
          columns,
          group,
          groups: groups.length,
        });
      }
    }
    const append = (past: readonly Float32Array[], chunk: (layer: number) => Float32Array): Float32Array[] =>
      past.map((old, layer) => appendTokens(old, chunk(layer), kvHeads, headDim));
    [keys, values] = [append(keys, (l) => result.newKeys(l)), append(values, (l) => result.newValues(l))];
    if (isLast) lastLogits = result.logits.slice();
    else if (isCheckpoint(start + tokens, total, prefillChunk)) {
      const done = start + tokens;
      const ofAllRows = allRows < 0 ? [] : sums[allRows]!.map((layer) => resized(layer, queryHeads, total, done));
      checkpoints.push({ tokens: done, sums: ofAllRows });
    }
    progress?.(start + tokens, total);
  }
  const observations = keys.map((layerKeys, layer): LayerObservation => {
    const byGroup = new Map(groups.map((group, index) => [rowGroupKey(group), sums[index]![layer]!]));
    return createObservation({
      seqLen: total,
      queryHeads,
      kvHeads,
      headDim,
      window: decoder.config.attention[layer]!.window,
      keys: layerKeys,
      values: values[layer]!,
      rotary: () => rotaryOfLayer(decoder.config, layer, longRope),
      ...(queries === null ? {} : { queries: () => queries[layer]! }),
      ...(outputWeight === undefined ? {} : { outputWeight: () => outputWeight(layer) }),
      secondPass(pass) {
        const found = secondPasses?.get(secondPassKey(pass));
        if (found === undefined) throw new RangeError('The prefill was not asked for that second pass.');
        return found[layer]!;
      },
      columnSums(rows) {
        const found = byGroup.get(rowGroupKey(rows));
        if (found === undefined) throw new RangeError(`The prefill did not sum attention over ${rowGroupKey(rows)}.`);
        return found;
      },
    });
  });
  return {
    ids,
    keyValues: { keys, values, tokens: total, longRope },
    observations,
    lastLogits,
    prefillChunk,
    queries,
    checkpoints,
  };
}

/** Copies the queries of one chunk, [tokens, queryHeads * headDim], into [queryHeads, total, headDim]. */
function placeQueries(
  target: Float32Array,
  chunk: Float32Array,
  at: { queryHeads: number; headDim: number; total: number; start: number; tokens: number },
): void {
  const { queryHeads, headDim, total, start, tokens } = at;
  for (let token = 0; token < tokens; token++) {
    for (let head = 0; head < queryHeads; head++) {
      const from = (token * queryHeads + head) * headDim;
      target.set(chunk.subarray(from, from + headDim), (head * total + start + token) * headDim);
    }
  }
}

const emptyKeyValues = (layers: number): LayerKeyValues => ({ keys: emptyLayers(layers), values: emptyLayers(layers) });

const emptyLayers = (layers: number): Float32Array[] => Array.from({ length: layers }, () => new Float32Array(0));

/** Which rows of the chunk [start, start + tokens) belong to each group, [groups, tokens]; a graph needs at least one row. */
function groupWeights(groups: readonly RowGroup[], total: number, start: number, tokens: number) {
  const count = Math.max(1, groups.length);
  const weights = new Float32Array(count * tokens);
  for (const [index, group] of groups.entries()) {
    const range = rowRange(group, total);
    const from = Math.max(0, range.start - start);
    const to = Math.min(tokens, range.end - start);
    if (from < to) weights.fill(1, index * tokens + from, index * tokens + to);
  }
  return { count, weights };
}

/** Adds one chunk's sums [heads, groups, prefix + own + tokens] of one group to [heads, total]. */
function addSums(
  target: Float32Array,
  chunk: Float32Array,
  at: {
    queryHeads: number;
    total: number;
    start: number;
    columns: { prefix: number; own: number; tokens: number };
    group: number;
    groups: number;
  },
): void {
  const { prefix, own, tokens } = at.columns;
  for (let head = 0; head < at.queryHeads; head++) {
    const from = (head * at.groups + at.group) * (prefix + own + tokens);
    const to = head * at.total;
    for (let key = 0; key < at.start; key++) target[to + key]! += chunk[from + key]!;
    for (let key = 0; key < tokens; key++) target[to + at.start + key]! += chunk[from + prefix + own + key]!;
  }
}

/** [heads, p, d] and [heads, s, d] -> [heads, p + s, d]. */
export function appendTokens(past: Float32Array, chunk: Float32Array, heads: number, headDim: number): Float32Array {
  const pastRow = past.length / heads;
  const chunkRow = chunk.length / heads;
  const joined = new Float32Array(past.length + chunk.length);
  for (let head = 0; head < heads; head++) {
    const to = head * (pastRow + chunkRow);
    joined.set(past.subarray(head * pastRow, (head + 1) * pastRow), to);
    joined.set(chunk.subarray(head * chunkRow, (head + 1) * chunkRow), to + pastRow);
  }
  if (joined.length % (heads * headDim) !== 0) throw new RangeError('Keys and values must be whole tokens.');
  return joined;
}
