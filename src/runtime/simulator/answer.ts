import type { Comparison } from '../languageModel.ts';
import type { Comparer, ComparisonRow } from './compare.ts';
import { decode, type AnswersSoFar, type Continuation, type DecodedRow } from './decode.ts';
import { forcedKey } from './forcedRuns.ts';
import { chunks, groupBy } from './groupBy.ts';
import { evictingBatches, evictingRows, generateEvicting, type Evicting } from './generate.ts';
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
  const own = new OwnCache(decoder.config, rows.length, capacity);
  const state: AnswersSoFar = {
    answers: rows.map(() => []),
    next: new Int32Array(rows.length),
  };
  const comparisons = new Array<Comparison>(rows.length);
  let forced = 0;
  for await (const [part, run] of comparer.force(rows, pause, ['scores', 'keyValues'])) {
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
      const known = run.opening?.lengths[i] ?? 0;
      if (run.opening !== null) own.take(row, run.opening, i, known);
      accepted.push(suffix.length - known + agreed);
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
