import { nextPosition, type Decoder, type PrefixView } from './decoder.ts';
import type { OwnCache } from './ownCache.ts';
import type { Pause } from './pause.ts';
import { prefixBias, type HiddenEntries } from './prefixMask.ts';
import { prefixShape } from './prefixShape.ts';

/** Finished rows are dropped when this share of a batch has ended; dropping copies the others. */
const compactAt = 0.2;

export interface DecodeRow {
  readonly hidden: HiddenEntries;
  readonly maxTokens: number;
}

/** Where decoding starts: the rows' own tokens so far, the answers they hold, and each row's next token. Changed in place. */
export interface DecodeState {
  readonly own: OwnCache;
  readonly answers: number[][];
  readonly next: Int32Array;
}

export interface Continuation {
  /** Greedy tokens without the stop token. */
  readonly ids: Int32Array;
  readonly stopped: boolean;
}

/** Decodes all rows greedily, one token each per run, until each has stopped, repeats itself or is long enough. */
export async function decode(
  decoder: Decoder,
  prefix: PrefixView,
  rows: readonly DecodeRow[],
  state: DecodeState,
  stopIds: ReadonlySet<number>,
  pause: Pause,
  progress: (share: number) => void,
): Promise<Continuation[]> {
  const shape = prefixShape(decoder, prefix);
  const { own, answers } = state;
  let { next } = state;
  const stopped = rows.map(() => false);
  const finished = rows.map(() => false);
  /** Row of the batch that each live row of `own` belongs to. */
  let live = rows.map((_, index) => index);
  let bias: Float32Array[] | null = null;
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
      bias = null;
    }
    bias ??= prefixBias(
      live.map((row) => rows[row]!.hidden),
      shape,
    );
    await pause();
    const result = await decoder.run(
      {
        rows: live.length,
        tokens: 1,
        ids: next,
        positions: own.lengths.map((length) => nextPosition(prefix.keyValues) + length),
        prefix: prefix.keyValues,
        prefixBias: bias,
        own,
        ownBias: own.decodeBias(),
        logitRows: Int32Array.from(live, (_, slot) => slot),
      },
      ['argmax', 'keyValues'],
    );
    own.append(
      live.map((_, slot) => slot),
      live.map(() => 1),
      result,
    );
    next = result.argmax;
  }
  return answers.map((answer, row) => ({ ids: Int32Array.from(answer), stopped: stopped[row]! }));
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
