import type { Comparison } from '../languageModel.ts';
import { largestBatches, type Batches } from '../memory/batches.ts';
import {
  causalBias,
  nextPosition,
  type Decoder,
  type DecoderOutput,
  type DecoderStep,
  type PrefixView,
  type StepResult,
} from './decoder.ts';
import { fedTokens, forcedKey, forcedRuns, type ForcedTurn } from './forcedRuns.ts';
import { FedTurns } from './fedTurns.ts';
import { groupBy } from './groupBy.ts';
import type { LiveRows } from './liveRows.ts';
import type { OwnCache } from './ownCache.ts';
import type { Pause } from './pause.ts';
import { HiddenEntries, prefixBias } from './prefixMask.ts';
import { prefixShape } from './prefixShape.ts';
import { predictionOf, predictionOutputs, referenceOf, type Reference } from './reference.ts';

/** What one run over several masked caches gave, row by row. */
export interface ForcedAnswers {
  readonly comparisons: readonly Comparison[];
  /** Top-1 token before each token of the row's answer. */
  readonly argmax: readonly Int32Array[];
  readonly result: StepResult;
  /** What the rows went on from; null where they were fed their whole user turns. */
  readonly opening: OwnCache | null;
}

export interface ComparisonRow extends ForcedTurn {
  readonly hidden: HiddenEntries;
}

/** What the full cache predicts on teacher-forced answers, each computed once. */
class FullCache {
  readonly #references = new Map<string, Reference>();

  constructor(
    readonly decoder: Decoder,
    readonly prefix: PrefixView,
  ) {}

  async references(turns: readonly ForcedTurn[], batches: Batches, pause: Pause): Promise<Reference[]> {
    const keys = turns.map(forcedKey);
    const missing = new Map(keys.flatMap((key, i) => (this.#references.has(key) ? [] : [[key, turns[i]!] as const])));
    const asked = [...missing.values()];
    for (const run of forcedRuns(asked, batches, this.decoder.config.vocabSize)) {
      await this.run(
        run.map((index) => asked[index]!),
        pause,
        [],
      );
    }
    return keys.map((key) => this.#references.get(key)!);
  }

  /** Forces answers even if they are known, for what else is wanted of the run. */
  async run(turns: readonly ForcedTurn[], pause: Pause, wanted: readonly DecoderOutput[]): Promise<StepResult> {
    const { vocabSize } = this.decoder.config;
    await pause();
    const nothing = new HiddenEntries(prefixShape(this.decoder, this.prefix));
    const { step, starts } = forcedStep(
      this.decoder,
      this.prefix,
      turns.map((turn) => ({ ...turn, hidden: nothing })),
    );
    const targets = Int32Array.from(turns.flatMap(({ target }) => [...target]));
    const result = await this.decoder.run({ ...step, scoring: { targets } }, [...predictionOutputs, ...wanted]);
    for (const [i, turn] of turns.entries()) {
      const predictions = Array.from(turn.target, (id, token) =>
        predictionOf(result, starts[i]! + token, id, vocabSize),
      );
      this.learn(turn, referenceOf(predictions, vocabSize));
    }
    return result;
  }

  learn(turn: ForcedTurn, reference: Reference): void {
    this.#references.set(forcedKey(turn), reference);
  }
}

/**
 * Compares masked caches with the full cache on teacher-forced answers. Per token,
 * KL(full || masked) = sum_v p (log p - log q) = -H(p) - sum_v p logit_q + logsumexp_q.
 */
export class Comparer {
  readonly #full: FullCache;
  readonly #fed: FedTurns;

  /** `full`: what to compare with, where `prefix` is not the exact prefill itself. */
  constructor(
    readonly decoder: Decoder,
    readonly prefix: PrefixView,
    readonly batches: Batches = largestBatches,
    full = new FullCache(decoder, prefix),
  ) {
    this.#full = full;
    this.#fed = new FedTurns(decoder.config, batches.tokenRowsPerRun);
  }

  /** Compares a variant with keys and values of its own with the same full cache. */
  over(variant: PrefixView): Comparer {
    return new Comparer(this.decoder, variant, this.batches, this.#full);
  }

  async compare(
    rows: readonly ComparisonRow[],
    pause: Pause,
    progress?: (done: number, total: number) => void,
  ): Promise<Comparison[]> {
    const results = new Array<Comparison>(rows.length);
    let done = 0;
    // Rows that hide the same entries before the same answer are one computation.
    const distinct = groupBy([...rows.keys()], (index) => `${forcedKey(rows[index]!)}|${rows[index]!.hidden.key}`);
    const [full, masked] = [true, false].map((isFull) =>
      distinct.filter(([index]) => this.isFull(rows[index!]!) === isFull),
    ) as [number[][], number[][]];
    const store = (same: readonly number[], comparison: Comparison): void => {
      for (const index of same) results[index] = comparison;
      done += same.length;
    };
    const firsts = (groups: readonly number[][]): ComparisonRow[] => groups.map(([index]) => rows[index!]!);
    const references = await this.#full.references(firsts(full), this.batches, pause);
    for (const [i, same] of full.entries()) store(same, itself(references[i]!));
    for await (const [run, { comparisons }] of this.force(firsts(masked), pause, ['scores'])) {
      for (const [i, row] of run.entries()) store(masked[row]!, comparisons[i]!);
      progress?.(done, rows.length);
    }
    return results;
  }

  /** Takes what the full cache predicted when it gave this answer itself. */
  learn(turn: ForcedTurn, reference: Reference): void {
    this.#full.learn(turn, reference);
  }

  /** Teacher-forces an answer on each of several masked caches: run by run the indices of its rows, and what it gave. */
  async *force(
    rows: readonly ComparisonRow[],
    pause: Pause,
    wanted: readonly DecoderOutput[],
  ): AsyncGenerator<readonly [run: readonly number[], answers: ForcedAnswers]> {
    const { batches, decoder } = this;
    for (const stage of this.#fed.stages(rows)) {
      const known = stage.rows.map((row) => this.#fed.known(rows[row]!));
      const turns = stage.rows.map((row, index) => ({ ...rows[row]!, known: known[index]! }));
      for (const indices of forcedRuns(turns, batches, decoder.config.vocabSize)) {
        const run = indices.map((index) => stage.rows[index]!);
        const leads = stage.leads || indices.some((index) => known[index] === 0);
        const answers = await this.#forceRun(
          run.map((row) => rows[row]!),
          pause,
          wanted,
          leads,
        );
        yield [run, answers];
      }
    }
  }

  /** `leads`: whether later rows go on from the user turns. */
  async #forceRun(
    rows: readonly ComparisonRow[],
    pause: Pause,
    wanted: readonly DecoderOutput[],
    leads: boolean,
  ): Promise<ForcedAnswers> {
    if (rows.every((row) => this.isFull(row))) {
      const others = wanted.filter((output) => output !== 'scores');
      const result = await this.#full.run(rows, pause, others);
      const references = await this.#full.references(rows, this.batches, pause);
      const argmax = references.map((reference) => reference.argmax);
      return { comparisons: references.map(itself), argmax, result, opening: null };
    }
    const references = await this.#full.references(rows, this.batches, pause);
    await pause();
    const opening = this.#fed.opening(rows);
    const { step, starts } = forcedStep(this.decoder, this.prefix, rows, opening);
    const targets = Int32Array.from(rows.flatMap(({ target }) => [...target]));
    const result = await this.decoder.run(
      { ...step, scoring: { targets, reference: probabilitiesOf(references) } },
      leads && !wanted.includes('keyValues') ? [...wanted, 'keyValues'] : wanted,
    );
    if (leads) this.#fed.keep(rows, opening, result);
    return {
      comparisons: references.map((reference, row) =>
        comparison(reference, (token) => ({ scores: result, at: starts[row]! + token })),
      ),
      argmax: rows.map(({ target }, row) => result.argmax.subarray(starts[row], starts[row]! + target.length)),
      result,
      opening,
    };
  }

  /** Whether this is the full cache, which is not compared with itself. */
  isFull({ hidden }: Pick<ComparisonRow, 'hidden'>): boolean {
    return hidden.isEmpty && this.prefix === this.#full.prefix;
  }

  /**
   * Teacher-forces one answer token by token on rows that change on the way. `batch` is fed the user turn first, with it,
   * and ends before the last token of the answer.
   */
  async forceEach(batch: LiveRows, suffix: Int32Array, target: Int32Array, pause: Pause): Promise<Comparison[]> {
    const [reference] = await this.#full.references([{ suffix, target }], this.batches, pause);
    const { vocabSize } = this.decoder.config;
    const steps: StepResult[] = [];
    for (const [token, id] of target.entries()) {
      const fed = token === 0 ? suffix : target.subarray(token - 1, token);
      const ids = new Int32Array(batch.count * fed.length);
      for (let row = 0; row < batch.count; row++) ids.set(fed, row * fed.length);
      const scoring = {
        targets: new Int32Array(batch.count).fill(id),
        reference: {
          probabilities: reference!.probabilities.subarray(token * vocabSize, (token + 1) * vocabSize),
          tokens: 1,
        },
      };
      await pause();
      steps.push(await batch.feed(ids, fed.length, ['scores'], scoring));
    }
    return Array.from({ length: batch.count }, (_, row) =>
      comparison(reference!, (token) => ({ scores: steps[token]!, at: row })),
    );
  }
}

const itself = ({ logProbs }: Reference): Comparison => ({
  kl: new Float32Array(logProbs.length),
  logProbs,
  flipped: new Uint8Array(logProbs.length),
});

/** What one row's scores say beside the full cache's; `read` finds the scores of each token of the answer. */
function comparison(
  { entropy, argmax }: Reference,
  read: (token: number) => { readonly scores: StepResult; readonly at: number },
): Comparison {
  const kl = new Float32Array(argmax.length);
  const logProbs = new Float32Array(argmax.length);
  const flipped = new Uint8Array(argmax.length);
  for (let token = 0; token < argmax.length; token++) {
    const { scores, at } = read(token);
    kl[token] = Math.max(0, scores.logSumExp[at]! - scores.cross[at]! - entropy[token]!);
    logProbs[token] = scores.targetLogits[at]! - scores.logSumExp[at]!;
    if (scores.argmax[at] !== argmax[token]) flipped[token] = 1;
  }
  return { kl, logProbs, flipped };
}

/** The probabilities that the rows of one run are scored with: once where all rows force the same answer. */
function probabilitiesOf(references: readonly Reference[]): { probabilities: Float32Array; tokens: number } {
  const [first] = references;
  if (references.every((reference) => reference === first)) {
    return { probabilities: first!.probabilities, tokens: first!.argmax.length };
  }
  const lengths = references.map(({ probabilities }) => probabilities.length);
  const joined = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const { probabilities } of references) {
    joined.set(probabilities, at);
    at += probabilities.length;
  }
  return { probabilities: joined, tokens: references.reduce((sum, { argmax }) => sum + argmax.length, 0) };
}

/**
 * One step that feeds suffix + answer to every row, without what `opening` holds of them, and reads the logits that predict each
 * token of the answers; `starts` says where those of each row begin. Shorter rows are filled up behind their answer, which nothing
 * before it sees.
 */
function forcedStep(
  decoder: Decoder,
  prefix: PrefixView,
  rows: readonly ComparisonRow[],
  opening: OwnCache | null = null,
): { step: DecoderStep; starts: readonly number[] } {
  const { keyValues } = prefix;
  const fed = (row: number): number => opening?.lengths[row] ?? 0;
  const tokens = Math.max(...rows.map((turn, row) => fedTokens({ ...turn, known: fed(row) })));
  const ids = new Int32Array(rows.length * tokens);
  // What shorter rows are filled up with stays within the positions that some row comes to.
  const last = Math.max(...rows.map(fedTokens)) - 1;
  const logitRows: number[] = [];
  const starts: number[] = [];
  for (const [row, { suffix, target }] of rows.entries()) {
    const rest = suffix.subarray(fed(row));
    ids.set(rest, row * tokens);
    ids.set(target.subarray(0, -1), row * tokens + rest.length);
    starts.push(logitRows.length);
    for (let token = 0; token < target.length; token++) logitRows.push(row * tokens + rest.length - 1 + token);
  }
  const step: DecoderStep = {
    rows: rows.length,
    tokens,
    ids,
    positions: ids.map(
      (_, at) => nextPosition(keyValues) + Math.min(last, fed(Math.floor(at / tokens)) + (at % tokens)),
    ),
    prefix: keyValues,
    prefixBias: prefixBias(
      rows.map(({ hidden }) => hidden),
      prefixShape(decoder, prefix),
    ),
    own: opening,
    ownBias: opening?.bias(tokens) ?? causalBias(rows.length, tokens),
    logitRows: Int32Array.from(logitRows),
  };
  return { step, starts };
}
