import { largestBatches, type Batches } from '../memory/batches.ts';
import { causalBias, nextPosition, type Decoder, type PrefixView } from './decoder.ts';
import { decode, type Continuation, type DecodeRow } from './decode.ts';
import { chunks } from './groupBy.ts';
import { OwnCache } from './ownCache.ts';
import type { Pause } from './pause.ts';
import { prefixBias } from './prefixMask.ts';
import { prefixShape } from './prefixShape.ts';

export interface ContinuationRow extends DecodeRow {
  /** Fed at positions S, S+1, ... */
  readonly suffix: Int32Array;
}

/** Greedy continuation of compressed caches, all rows together. User and generated tokens are never evicted. */
export async function generate(
  decoder: Decoder,
  prefix: PrefixView,
  rows: readonly ContinuationRow[],
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress?: (done: number, total: number) => void,
  batches: Batches = largestBatches,
): Promise<Continuation[]> {
  const results = new Array<Continuation>(rows.length);
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
): Promise<Continuation[]> {
  const own = new OwnCache(decoder.config, rows.length, longest(rows) + 1);
  const next = await feedSuffixes(decoder, prefix, rows, own, pause, batches);
  return await decode(decoder, prefix, rows, { own, next, answers: rows.map(() => []) }, stopIds, pause, progress);
}

/** Feeds every row's suffix into `own` and returns the first generated token of each. */
async function feedSuffixes(
  decoder: Decoder,
  prefix: PrefixView,
  rows: readonly ContinuationRow[],
  own: OwnCache,
  pause: Pause,
  { tokenRowsPerRun }: Batches,
): Promise<Int32Array> {
  const shape = prefixShape(decoder, prefix);
  const next = new Int32Array(rows.length);
  const perRun = Math.max(1, Math.floor(tokenRowsPerRun / longest(rows)));
  for (const indices of chunks([...rows.keys()], perRun)) {
    await pause();
    const part = indices.map((index) => rows[index]!);
    const tokens = longest(part);
    const counts = part.map(({ suffix }) => suffix.length);
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
      },
      ['argmax', 'keyValues'],
    );
    own.append(indices, counts, result);
    next.set(result.argmax, indices[0]);
  }
  return next;
}

const longest = (rows: readonly ContinuationRow[]): number =>
  rows.reduce((length, { suffix }) => Math.max(length, suffix.length), 1);
