import { causalBias, type Decoder } from './decoder.ts';
import { OwnCache } from './ownCache.ts';
import type { Pause } from './pause.ts';
import type { Prefill } from './prefill.ts';
import { prefixBias, type HiddenEntries, type PrefixShape } from './prefixMask.ts';

/** Token rows per run: about half a second on two cores, which bounds how late a cancel is seen. */
export const tokenRowsPerRun = 512;
/** Sequences that are decoded together: beyond this a step grows in proportion and memory with it. */
const rowsPerBatch = 64;
/** Finished rows are dropped when this share of a batch has ended; dropping copies the others. */
const compactAt = 0.2;

export interface ContinuationRow {
  readonly hidden: HiddenEntries;
  /** Fed at positions S, S+1, ... */
  readonly suffix: Int32Array;
  readonly maxTokens: number;
}

export interface Continuation {
  /** Greedy tokens without the stop token. */
  readonly ids: Int32Array;
  readonly stopped: boolean;
}

/** Greedy continuation of compressed caches, all rows together. User and generated tokens are never evicted. */
export async function generate(
  decoder: Decoder,
  prefix: Prefill,
  rows: readonly ContinuationRow[],
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress?: (done: number, total: number) => void,
): Promise<Continuation[]> {
  const results = new Array<Continuation>(rows.length);
  // Rows with suffixes of like length share runs with little padding.
  const order = rows.map((_, index) => index).sort((a, b) => rows[a]!.suffix.length - rows[b]!.suffix.length);
  for (let start = 0; start < order.length; start += rowsPerBatch) {
    const batch = order.slice(start, start + rowsPerBatch);
    const continued = await generateBatch(
      decoder,
      prefix,
      batch.map((index) => rows[index]!),
      stopIds,
      pause,
      (share) => progress?.(start + share * batch.length, rows.length),
    );
    for (const [i, index] of batch.entries()) results[index] = continued[i]!;
  }
  return results;
}

async function generateBatch(
  decoder: Decoder,
  prefix: Prefill,
  rows: readonly ContinuationRow[],
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress: (share: number) => void,
): Promise<Continuation[]> {
  const shape = prefixShape(decoder, prefix);
  const own = new OwnCache(decoder.config, rows.length, longest(rows) + 1);
  let next = await feedSuffixes(decoder, prefix, rows, own, pause);
  const answers = rows.map((): number[] => []);
  const stopped = rows.map(() => false);
  const finished = rows.map(() => false);
  /** Row of the batch that each live row of `own` belongs to. */
  let live = rows.map((_, index) => index);
  let bias = prefixBias(
    rows.map(({ hidden }) => hidden),
    shape,
  );
  const longestAnswer = Math.max(...rows.map(({ maxTokens }) => maxTokens));
  for (let step = 0; ; step++) {
    const running: number[] = [];
    for (const [slot, row] of live.entries()) {
      if (finished[row]!) continue;
      const token = next[slot]!;
      if (stopIds.has(token)) {
        stopped[row] = true;
        finished[row] = true;
        continue;
      }
      answers[row]!.push(token);
      if (answers[row]!.length < rows[row]!.maxTokens && !isLooping(answers[row]!)) running.push(slot);
      else finished[row] = true;
    }
    progress(step / longestAnswer);
    if (running.length === 0) break;
    if (running.length <= (1 - compactAt) * live.length) {
      own.keepRows(running);
      next = Int32Array.from(running, (slot) => next[slot]!);
      live = running.map((slot) => live[slot]!);
      bias = prefixBias(
        live.map((row) => rows[row]!.hidden),
        shape,
      );
    }
    await pause();
    const result = await decoder.run(
      {
        rows: live.length,
        tokens: 1,
        ids: next,
        positions: own.lengths.map((length) => prefix.keyValues.tokens + length),
        prefix: prefix.keyValues,
        prefixBias: bias,
        own,
        ownBias: own.decodeBias(),
        logitRows: Int32Array.from(live, (_, slot) => slot),
      },
      ['argmax', 'keyValues'],
    );
    own.append(
      0,
      live.map(() => 1),
      1,
      (layer) => result.newKeys(layer),
      (layer) => result.newValues(layer),
    );
    next = result.argmax;
  }
  return answers.map((answer, row) => ({ ids: Int32Array.from(answer), stopped: stopped[row]! }));
}

/** Feeds every row's suffix into `own` and returns the first generated token of each. */
async function feedSuffixes(
  decoder: Decoder,
  prefix: Prefill,
  rows: readonly ContinuationRow[],
  own: OwnCache,
  pause: Pause,
): Promise<Int32Array> {
  const shape = prefixShape(decoder, prefix);
  const next = new Int32Array(rows.length);
  const perRun = Math.max(1, Math.floor(tokenRowsPerRun / longest(rows)));
  for (let start = 0; start < rows.length; start += perRun) {
    await pause();
    const part = rows.slice(start, start + perRun);
    const tokens = longest(part);
    const counts = part.map(({ suffix }) => suffix.length);
    const ids = new Int32Array(part.length * tokens);
    for (const [row, { suffix }] of part.entries()) ids.set(suffix, row * tokens);
    const result = await decoder.run(
      {
        rows: part.length,
        tokens,
        ids,
        positions: ids.map((_, index) => prefix.keyValues.tokens + (index % tokens)),
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
    own.append(
      start,
      counts,
      tokens,
      (layer) => result.newKeys(layer),
      (layer) => result.newValues(layer),
    );
    next.set(result.argmax, start);
  }
  return next;
}

/** A cycle of up to this many tokens counts as a loop ... */
const longestCycle = 48;
/** ... when it was said this often in a row: greedy decoding hardly ever leaves one again. */
const repetitions = 3;

/** Whether an answer ends in the same tokens said over and over. */
export function isLooping(answer: readonly number[]): boolean {
  const end = answer.length - 1;
  for (let cycle = 1; cycle <= longestCycle && cycle * repetitions <= answer.length; cycle++) {
    let same = 0;
    while (same < cycle * (repetitions - 1) && answer[end - same] === answer[end - same - cycle]) same++;
    if (same === cycle * (repetitions - 1)) return true;
  }
  return false;
}

const longest = (rows: readonly ContinuationRow[]): number =>
  rows.reduce((length, { suffix }) => Math.max(length, suffix.length), 1);

export const prefixShape = (decoder: Decoder, prefix: Prefill): PrefixShape => ({
  layers: decoder.config.layers,
  kvHeads: decoder.config.kvHeads,
  seqLen: prefix.keyValues.tokens,
});
