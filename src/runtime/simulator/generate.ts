import type { DecodePolicy } from '../../cache/decode/decodePolicy.ts';
import { largestBatches, type Batches } from '../memory/batches.ts';
import { causalBias, nextPosition, type Decoder, type PrefixView } from './decoder.ts';
import { decode, type Continuation } from './decode.ts';
import { Eviction, type PrefixAttention } from './eviction.ts';
import { chunks, groupBy } from './groupBy.ts';
import { LiveRows } from './liveRows.ts';
import { OwnCache } from './ownCache.ts';
import type { Pause } from './pause.ts';
import { packedRuns } from './packedRuns.ts';
import { prefixBias, type HiddenEntries } from './prefixMask.ts';
import { prefixShape } from './prefixShape.ts';
import { RecordingSampler, type RecordedRow } from './recordingSampler.ts';
import type { Reference } from './reference.ts';
import { Sampler } from './sampler.ts';

export interface ContinuationRow extends RecordedRow {
  readonly hidden: HiddenEntries;
  /** Longest answer. */
  readonly maxTokens: number;
  /** Fed at positions S, S+1, ... */
  readonly suffix: Int32Array;
}

/** An answer, and what predicted the tokens of it on which other caches are compared; null where there are none. */
export interface RecordedContinuation extends Continuation {
  readonly reference: Reference | null;
}

/** Continuation of compressed caches, all rows together. User and generated tokens stay. */
export async function generate(
  decoder: Decoder,
  prefix: PrefixView,
  rows: readonly ContinuationRow[],
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress?: (done: number, total: number) => void,
  batches: Batches = largestBatches,
): Promise<RecordedContinuation[]> {
  const results = new Array<RecordedContinuation>(rows.length);
  // Rows with suffixes of like length share runs with little padding.
  const order = [...rows.keys()].sort((a, b) => rows[a]!.suffix.length - rows[b]!.suffix.length);
  const perBatch = batches.rowsPerBatch(longest(rows) + Math.max(0, ...rows.map(({ maxTokens }) => maxTokens)));
  let done = 0;
  for (const batch of chunks(order, perBatch)) {
    const continued = await generateBatch(
      decoder,
      prefix,
      batch.map((index) => rows[index]!),
      stopIds,
      pause,
      (share) => progress?.(done + share * batch.length, rows.length),
      batches,
    );
    for (const [i, index] of batch.entries()) results[index] = continued[i]!;
    done += batch.length;
  }
  return results;
}

async function generateBatch(
  decoder: Decoder,
  prefix: PrefixView,
  rows: readonly ContinuationRow[],
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress: (share: number) => void,
  batches: Batches,
): Promise<RecordedContinuation[]> {
  const own = new OwnCache(decoder.config, rows.length, longest(rows) + 1);
  const recording = rows.some(({ comparedTokens }) => comparedTokens !== undefined)
    ? new RecordingSampler(rows, decoder.config.vocabSize)
    : null;
  const sampler = recording ?? new Sampler(rows);
  const next = await feedSuffixes(decoder, prefix, rows, own, sampler, pause, batches);
  const hidden = rows.map((row) => row.hidden);
  const batch = new LiveRows(decoder, prefix, hidden, own);
  const state = { next, answers: rows.map(() => []) };
  const continuations = await decode(batch, rows, state, sampler, stopIds, pause, progress);
  return continuations.map((continuation, row) => ({
    ...continuation,
    reference: recording?.reference(row, continuation.ids) ?? null,
  }));
}

/** A policy that evicts while rows go on, and what it reads of the prefill. */
export interface Evicting {
  readonly policy: DecodePolicy;
  readonly prefixAttention: PrefixAttention;
}

/** Rows that can shrink together, as indices: a run feeds them all a user turn of one length. */
export function evictingBatches(rows: readonly ContinuationRow[], { policy }: Evicting, batches: Batches): number[][] {
  return groupBy([...rows.keys()], (index) => String(rows[index]!.suffix.length)).flatMap((group) => {
    const { length } = rows[group[0]!]!.suffix;
    const longestOwn = length + Math.max(...group.map((index) => rows[index]!.maxTokens));
    const perRun = Math.max(1, Math.floor(batches.tokenRowsPerRun / Math.max(1, length)));
    return [...chunks(group, policy.merges ? 1 : Math.min(perRun, batches.rowsPerBatch(longestOwn)))];
  });
}

/** Rows whose caches shrink while they go on. */
export function evictingRows(
  decoder: Decoder,
  prefix: PrefixView,
  rows: readonly ContinuationRow[],
  { policy, prefixAttention }: Evicting,
): LiveRows {
  const hidden = rows.map((row) => row.hidden);
  const own = new OwnCache(decoder.config, rows.length, longest(rows) + 1);
  return new LiveRows(decoder, prefix, hidden, own, new Eviction(decoder, prefix, policy, hidden, prefixAttention));
}

/** As `generate`, with a policy that evicts after the user turn and after every generated token. */
export async function generateEvicting(
  decoder: Decoder,
  prefix: PrefixView,
  rows: readonly ContinuationRow[],
  evicting: Evicting,
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress?: (done: number, total: number) => void,
  batches: Batches = largestBatches,
): Promise<Continuation[]> {
  const results = new Array<Continuation>(rows.length);
  let done = 0;
  for (const indices of evictingBatches(rows, evicting, batches)) {
    const some = indices.map((index) => rows[index]!);
    const batch = evictingRows(decoder, prefix, some, evicting);
    await pause();
    const sampler = new Sampler(some);
    const [all, lengths] = [[...some.keys()], some.map(() => 0)];
    const first = await batch.feed(suffixesOf(some), some[0]!.suffix.length, sampler.outputs(all, lengths));
    const next = sampler.next(first, all, lengths);
    const state = { next, answers: some.map(() => []) };
    const continued = await decode(batch, some, state, sampler, stopIds, pause, (share) =>
      progress?.(done + share * some.length, rows.length),
    );
    for (const [i, index] of indices.entries()) results[index] = continued[i]!;
    done += some.length;
  }
  return results;
}

/** Suffixes of one length, row by row. */
function suffixesOf(rows: readonly { readonly suffix: Int32Array }[]): Int32Array {
  return Int32Array.from(rows.flatMap(({ suffix }) => [...suffix]));
}

/** Feeds every row's suffix into `own` and returns the first generated token of each. */
async function feedSuffixes(
  decoder: Decoder,
  prefix: PrefixView,
  rows: readonly Pick<ContinuationRow, 'hidden' | 'suffix'>[],
  own: OwnCache,
  sampler: Sampler,
  pause: Pause,
  { tokenRowsPerRun }: Batches,
): Promise<Int32Array> {
  const shape = prefixShape(decoder, prefix);
  const next = new Int32Array(rows.length);
  const order = [...rows.keys()].sort((a, b) => rows[a]!.suffix.length - rows[b]!.suffix.length);
  const suffixLengths = order.map((index) => rows[index]!.suffix.length);
  const fits = (from: number, to: number): boolean => (to - from) * suffixLengths[to - 1]! <= tokenRowsPerRun;
  for (const [from, to] of packedRuns(suffixLengths, fits)) {
    const indices = order.slice(from, to);
    await pause();
    const part = indices.map((index) => rows[index]!);
    const tokens = longest(part);
    const counts = part.map(({ suffix }) => suffix.length);
    const lengths = part.map(() => 0);
    const scoring = sampler.scoring(indices, lengths);
    const ids = new Int32Array(part.length * tokens);
    for (const [row, { suffix }] of part.entries()) ids.set(suffix, row * tokens);
    const result = await decoder.run(
      {
        rows: part.length,
        tokens,
        ids,
        positions: ids.map((_, index) => nextPosition(prefix.keyValues) + (index % tokens)),
        prefix: prefix.keyValues,
        prefixBias: prefixBias(
          part.map(({ hidden }) => hidden),
          shape,
        ),
        own: null,
        ownBias: causalBias(part.length, tokens),
        logitRows: Int32Array.from(counts, (count, row) => row * tokens + count - 1),
        ...(scoring === undefined ? {} : { scoring }),
      },
      ['keyValues', ...sampler.outputs(indices, lengths)],
    );
    own.append(indices, counts, result);
    for (const [slot, token] of sampler.next(result, indices, lengths).entries()) next[indices[slot]!] = token;
  }
  return next;
}

const longest = (rows: readonly Pick<ContinuationRow, 'suffix'>[]): number =>
  rows.reduce((length, { suffix }) => Math.max(length, suffix.length), 1);
