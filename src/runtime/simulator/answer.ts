import type { Comparison } from '../languageModel.ts';
import type { Comparer, ComparisonRow } from './compare.ts';
import { decode, type AnswersSoFar, type Continuation, type DecodedRow } from './decode.ts';
import { forcedKey } from './forcedRuns.ts';
import { chunks, groupBy } from './groupBy.ts';
import { evictingBatches, evictingRows, feedSuffixes, generateEvicting, type Evicting } from './generate.ts';
import { LiveRows } from './liveRows.ts';
import { growth, OwnCache } from './ownCache.ts';
import type { Pause } from './pause.ts';
import { Sampler } from './sampler.ts';

export interface AnswerRow extends ComparisonRow, DecodedRow {}

export interface Answer {
  readonly comparison: Comparison;
  readonly continuation: Continuation;
}

/** Share of the work that forcing takes, for progress. */
const forcedShare = 0.5;

/**
 * Compares each masked cache with the full cache on the full cache's answer (`target`), and lets it give its own. The
 * teacher-forced run that compares also verifies: as long as the row's top-1 tokens are those of the full answer they are
 * its own greedy answer, so decoding starts at the first token that differs (speculative decoding with the full answer
 * as draft; https://arxiv.org/abs/2211.17192, greedy case).
 */
export async function answer(
  comparer: Comparer,
  rows: readonly AnswerRow[],
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress?: (done: number, total: number) => void,
): Promise<Answer[]> {
  const results = new Array<Answer>(rows.length);
  const sameWork = (index: number): string => {
    const row = rows[index]!;
    return `${forcedKey(row)}|${row.maxTokens}|${row.source !== undefined}|${row.hidden.key}`;
  };
  const distinct = groupBy([...rows.keys()], sameWork);
  const longestOwn = Math.max(1, ...rows.map((row) => row.suffix.length + Math.max(row.maxTokens, row.target.length)));
  // Rows that may go on for long are decoded together: a step takes half the time of 30 rows even where one row is left.
  distinct.sort(([a], [b]) => rows[b!]!.maxTokens - rows[a!]!.maxTokens);
  let done = 0;
  for (const batch of chunks(distinct, comparer.batches.rowsPerBatch(longestOwn))) {
    const answers = await answerBatch(
      comparer,
      batch.map(([index]) => rows[index!]!),
      stopIds,
      pause,
      (share) => progress?.(done + share * batch.length, distinct.length),
    );
    for (const [i, same] of batch.entries()) for (const index of same) results[index] = answers[i]!;
    done += batch.length;
  }
  return results;
}

async function answerBatch(
  comparer: Comparer,
  rows: readonly AnswerRow[],
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress: (share: number) => void,
): Promise<Answer[]> {
  const { decoder, prefix } = comparer;
  const capacity = Math.max(
    ...rows.map(
      ({ suffix, target, maxTokens }) => suffix.length + Math.max(target.length, Math.min(maxTokens, growth)),
    ),
  );
  const opening = await sharedOpening(comparer, rows, pause);
  const own = opening?.cache.copyOf(opening.rows, capacity) ?? new OwnCache(decoder.config, rows.length, capacity);
  const fed = opening?.cache.tokens ?? 0;
  const state: AnswersSoFar = {
    answers: rows.map(() => []),
    next: new Int32Array(rows.length),
  };
  const comparisons = new Array<Comparison>(rows.length);
  let forced = 0;
  const unfed = rows.map(({ suffix, target }) => ({ suffix: suffix.subarray(fed), target }));
  for (const part of comparer.runs(unfed)) {
    const run = await comparer.force(
      part.map((row) => rows[row]!),
      pause,
      ['scores', 'keyValues'],
      opening?.cache.copyOf(
        part.map((row) => opening.rows[row]!),
        0,
      ) ?? null,
    );
    const accepted: number[] = [];
    for (const [i, row] of part.entries()) {
      const { suffix, target, maxTokens } = rows[row]!;
      const argmax = run.argmax[i]!;
      comparisons[row] = run.comparisons[i]!;
      const limit = Math.min(target.length, maxTokens) - 1;
      let agreed = 0;
      while (agreed < limit && argmax[agreed] === target[agreed]) agreed++;
      state.answers[row]!.push(...target.subarray(0, agreed));
      state.next[row] = argmax[agreed]!;
      accepted.push(suffix.length - fed + agreed);
    }
    own.append(part, accepted, run.result);
    forced += part.length;
    progress((forcedShare * forced) / rows.length);
  }
  const hidden = rows.map((row) => row.hidden);
  const batch = new LiveRows(decoder, prefix, hidden, own);
  const continuations = await decode(batch, rows, state, new Sampler(rows.map(() => ({}))), stopIds, pause, (share) => {
    progress(forcedShare + (1 - forcedShare) * share);
  });
  return continuations.map((continuation, row) => ({ comparison: comparisons[row]!, continuation }));
}

/** Below this many tokens, feeding the beginning of user turns on its own costs more than it saves. */
const leastOpening = 8;
/** As many rows have to share each beginning, on average. */
const leastSharing = 2;

/** The beginning that all user turns have in common, fed to each distinct cache. */
interface Opening {
  readonly cache: OwnCache; // [distinct caches], of the same length
  /** Which row of the cache each row begins with. */
  readonly rows: readonly number[];
}

/** Null where sharing saves nothing. */
async function sharedOpening(comparer: Comparer, rows: readonly AnswerRow[], pause: Pause): Promise<Opening | null> {
  const { decoder, prefix, batches } = comparer;
  const tokens = commonLength(rows.map(({ suffix }) => suffix));
  const caches = groupBy([...rows.keys()], (row) => rows[row]!.hidden.key);
  if (tokens < leastOpening || rows.length < leastSharing * caches.length || rows.some((row) => comparer.isFull(row)))
    return null;
  const fed = caches.map(([first]) => ({
    hidden: rows[first!]!.hidden,
    suffix: rows[first!]!.suffix.slice(0, tokens),
  }));
  const cache = new OwnCache(decoder.config, caches.length, tokens);
  await feedSuffixes(decoder, prefix, fed, cache, new Sampler(fed.map(() => ({}))), pause, batches);
  const cacheOf = new Array<number>(rows.length);
  for (const [index, members] of caches.entries()) for (const row of members) cacheOf[row] = index;
  return { cache, rows: cacheOf };
}

/** Tokens that all sequences begin with; one at least is left of each, because a run predicts after it. */
function commonLength(sequences: readonly Int32Array[]): number {
  const [first] = sequences;
  if (first === undefined) return 0;
  const longest = Math.min(...sequences.map(({ length }) => length)) - 1;
  let length = 0;
  while (length < longest && sequences.every((sequence) => sequence[length] === first[length])) length++;
  return length;
}

/**
 * As `answer`, with a policy that evicts after the user turn and after every token. What a row's cache holds then depends
 * on every token before, so the full answer is forced token by token, and the own answer is generated apart.
 */
export async function answerEvicting(
  comparer: Comparer,
  rows: readonly AnswerRow[],
  evicting: Evicting,
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress?: (done: number, total: number) => void,
): Promise<Answer[]> {
  const { decoder, prefix, batches } = comparer;
  const comparisons = new Array<Comparison>(rows.length);
  let forced = 0;
  for (const group of groupBy([...rows.keys()], (row) => forcedKey(rows[row]!))) {
    const ofGroup = group.map((index) => rows[index]!);
    for (const indices of evictingBatches(ofGroup, evicting, batches)) {
      const some = indices.map((index) => ofGroup[index]!);
      const { suffix, target } = some[0]!;
      const batch = evictingRows(decoder, prefix, some, evicting);
      const compared = await comparer.forceEach(batch, suffix, target, pause);
      for (const [i, index] of indices.entries()) comparisons[group[index]!] = compared[i]!;
      forced += some.length;
      progress?.(forcedShare * forced, rows.length);
    }
  }
  const told = (done: number): void => progress?.(forcedShare * rows.length + (1 - forcedShare) * done, rows.length);
  const continuations = await generateEvicting(decoder, prefix, rows, evicting, stopIds, pause, told, batches);
  return continuations.map((continuation, row) => ({ comparison: comparisons[row]!, continuation }));
}
