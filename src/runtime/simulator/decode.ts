import type { LiveRows } from './liveRows.ts';
import type { Pause } from './pause.ts';
import type { Sampler } from './sampler.ts';

/** Finished rows are dropped when this share of a batch has ended; dropping copies the others. */
const compactAt = 0.2;

/** Where decoding starts: the answers so far, and each row's next token. Changed in place. */
export interface AnswersSoFar {
  readonly answers: number[][];
  readonly next: Int32Array;
}

export interface Continuation {
  /** Tokens without the stop token. */
  readonly ids: Int32Array;
  readonly stopped: boolean;
}

/** An answer that is decoded. */
export interface DecodedRow {
  /** Longest answer. */
  readonly maxTokens: number;
  /** What the answer is asked to recite: without a word of it the answer ends early. Absent: it goes on. */
  readonly source?: Int32Array | undefined;
}

/** Decodes all rows, one token each per run, until each has stopped, repeats itself or is long enough. */
export async function decode(
  batch: LiveRows,
  rows: readonly DecodedRow[],
  state: AnswersSoFar,
  sampler: Sampler,
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress: (share: number) => void,
): Promise<Continuation[]> {
  const { answers } = state;
  let { next } = state;
  const stopped = rows.map(() => false);
  const finished = rows.map(() => false);
  /** Which of `rows` each live row of the batch is. */
  let live = rows.map((_, index) => index);
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
      if (isOver(answers[row]!, rows[row]!)) finished[row] = true;
      else running.push(slot);
    }
    progress(step / longestAnswer);
    if (running.length === 0) break;
    if (running.length <= (1 - compactAt) * live.length) {
      batch.keepRows(running);
      next = Int32Array.from(running, (slot) => next[slot]!);
      live = running.map((slot) => live[slot]!);
    }
    await pause();
    const lengths = live.map((row) => answers[row]!.length);
    const result = await batch.feed(next, 1, sampler.outputs(live, lengths), sampler.scoring(live, lengths));
    next = sampler.next(result, live, lengths);
  }
  return answers.map((answer, row) => ({ ids: Int32Array.from(answer), stopped: stopped[row]! }));
}

/**
 * Tokens after which an answer shows whether it recites: what comes before a recital is shorter. Of 697 answers of the default model to
 * the papers' query, of up to 128 tokens, 42 repeat the prompt; 37 of these within 16 tokens, all within 32.
 */
const recitalShows = 32;
/** Tokens in a row, about four words, that are hardly ever the same by chance. */
const recitedRun = 6;

const isOver = (answer: readonly number[], { maxTokens, source }: DecodedRow): boolean =>
  answer.length >= maxTokens ||
  isLooping(answer) ||
  (source !== undefined && answer.length === recitalShows && !recites(answer, source));

/** Whether some tokens of an answer stand in a row in its source. */
export function recites(answer: readonly number[], source: Int32Array): boolean {
  for (let from = 0; from + recitedRun <= answer.length; from++) {
    for (let at = source.indexOf(answer[from]!); at >= 0; at = source.indexOf(answer[from]!, at + 1)) {
      let same = 1;
      while (same < recitedRun && source[at + same] === answer[from + same]) same++;
      if (same === recitedRun) return true;
    }
  }
  return false;
}

/** A cycle of up to this many tokens counts as a loop ... */
const longestCycle = 48;
/** ... when it was said this often in a row: greedy decoding hardly ever leaves one again, least of all a long one. */
const repetitionsOf = (cycle: number): number => (cycle < 16 ? 3 : 2);

/** Whether an answer ends in the same tokens said over and over. */
export function isLooping(answer: readonly number[]): boolean {
  const end = answer.length - 1;
  for (let cycle = 1; cycle <= longestCycle; cycle++) {
    const repeated = cycle * (repetitionsOf(cycle) - 1);
    if (repeated + cycle > answer.length) continue;
    let same = 0;
    while (same < repeated && answer[end - same] === answer[end - same - cycle]) same++;
    if (same === repeated) return true;
  }
  return false;
}
