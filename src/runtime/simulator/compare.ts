import type { Comparison } from '../languageModel.ts';
import { largestBatches, rowsPerRun, type Batches } from '../memory/batches.ts';
import {
  causalBias,
  nextPosition,
  type Decoder,
  type DecoderOutput,
  type DecoderStep,
  type PrefixView,
  type StepResult,
} from './decoder.ts';
import { chunks, groupBy } from './groupBy.ts';
import type { LiveRows } from './liveRows.ts';
import type { Pause } from './pause.ts';
import { HiddenEntries, prefixBias } from './prefixMask.ts';
import { prefixShape } from './prefixShape.ts';

/** What one run over several masked caches gave for the same teacher-forced answer. */
export interface ForcedAnswer {
  readonly comparisons: Comparison[];
  /** Top-1 token before each token of the answer, [rows, t]. */
  readonly argmax: Int32Array;
  readonly result: StepResult;
}

export interface ComparisonRow {
  readonly hidden: HiddenEntries;
  readonly suffix: Int32Array;
  /** Answer that is teacher-forced after the suffix. */
  readonly target: Int32Array;
}

/** What the full cache predicts at each token of one teacher-forced answer. */
interface Reference {
  readonly probabilities: Float32Array; // [t, vocab]
  readonly entropy: Float64Array; // [t], nats
  readonly logProbs: Float32Array; // [t], of the target's tokens
  readonly argmax: Int32Array; // [t]
}

/** What the full cache predicts on teacher-forced answers, each computed once. */
class FullCache {
  readonly #references = new Map<string, Reference>();

  constructor(
    readonly decoder: Decoder,
    readonly prefix: PrefixView,
  ) {}

  async reference(suffix: Int32Array, target: Int32Array, pause: Pause): Promise<Reference> {
    const key = forcedKey({ suffix, target });
    const known = this.#references.get(key);
    if (known !== undefined) return known;
    const { vocabSize } = this.decoder.config;
    await pause();
    const nothing = new HiddenEntries(prefixShape(this.decoder, this.prefix));
    const step = forcedStep(this.decoder, this.prefix, [nothing], suffix, target);
    const { logits } = await this.decoder.run(step, ['logits']);
    const reference: Reference = {
      probabilities: new Float32Array(logits.length),
      entropy: new Float64Array(target.length),
      logProbs: new Float32Array(target.length),
      argmax: new Int32Array(target.length),
    };
    for (const [token, id] of target.entries()) {
      const row = logits.subarray(token * vocabSize, (token + 1) * vocabSize);
      const probabilities = reference.probabilities.subarray(token * vocabSize, (token + 1) * vocabSize);
      const { logSumExp, argmax } = softmax(row, probabilities);
      let expected = 0;
      for (let v = 0; v < vocabSize; v++) expected += probabilities[v]! * row[v]!;
      reference.entropy[token] = logSumExp - expected;
      reference.logProbs[token] = row[id]! - logSumExp;
      reference.argmax[token] = argmax;
    }
    this.#references.set(key, reference);
    return reference;
  }
}

/**
 * Compares masked caches with the full cache on teacher-forced answers. Per token,
 * KL(full || masked) = sum_v p (log p - log q) = -H(p) - sum_v p logit_q + logsumexp_q.
 */
export class Comparer {
  readonly #full: FullCache;

  /** `full`: what to compare with, where `prefix` is not the exact prefill itself. */
  constructor(
    readonly decoder: Decoder,
    readonly prefix: PrefixView,
    readonly batches: Batches = largestBatches,
    full = new FullCache(decoder, prefix),
  ) {
    this.#full = full;
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
    for (const group of groupBy([...rows.keys()], (index) => forcedKey(rows[index]!))) {
      const { suffix, target } = rows[group[0]!]!;
      // Rows that hide the same entries are one computation.
      const distinct = groupBy(group, (index) => rows[index]!.hidden.key);
      for (const part of chunks(distinct, rowsPerRun(this.batches, suffix, target))) {
        const hidden = part.map(([index]) => rows[index!]!.hidden);
        const compared = await this.#compareSome(hidden, suffix, target, pause);
        for (const [i, same] of part.entries()) {
          for (const index of same) results[index] = compared[i]!;
          done += same.length;
        }
        progress?.(done, rows.length);
      }
    }
    return results;
  }

  async #compareSome(
    hidden: readonly HiddenEntries[],
    suffix: Int32Array,
    target: Int32Array,
    pause: Pause,
  ): Promise<Comparison[]> {
    if (hidden.length === 1 && hidden[0]!.isEmpty && this.prefix === this.#full.prefix) {
      const { logProbs } = await this.#full.reference(suffix, target, pause);
      return [{ kl: new Float32Array(target.length), logProbs, flipped: new Uint8Array(target.length) }];
    }
    return (await this.force(hidden, suffix, target, pause, ['scores'])).comparisons;
  }

  /** Teacher-forces one answer on several masked caches in one run. */
  async force(
    hidden: readonly HiddenEntries[],
    suffix: Int32Array,
    target: Int32Array,
    pause: Pause,
    wanted: readonly DecoderOutput[],
  ): Promise<ForcedAnswer> {
    const reference = await this.#full.reference(suffix, target, pause);
    await pause();
    const length = target.length;
    const targets = new Int32Array(hidden.length * length);
    for (let row = 0; row < hidden.length; row++) targets.set(target, row * length);
    const scoring = { targets, reference: reference.probabilities, referenceTokens: length };
    const step = forcedStep(this.decoder, this.prefix, hidden, suffix, target);
    const result = await this.decoder.run({ ...step, scoring }, wanted);
    const comparisons = hidden.map((_, row) =>
      comparison(reference, (token) => ({ scores: result, at: row * length + token })),
    );
    return { comparisons, argmax: result.argmax, result };
  }

  /**
   * Teacher-forces one answer token by token on rows that change on the way. `batch` is fed the user turn first, with it,
   * and ends before the last token of the answer.
   */
  async forceEach(batch: LiveRows, suffix: Int32Array, target: Int32Array, pause: Pause): Promise<Comparison[]> {
    const reference = await this.#full.reference(suffix, target, pause);
    const { vocabSize } = this.decoder.config;
    const steps: StepResult[] = [];
    for (const [token, id] of target.entries()) {
      const fed = token === 0 ? suffix : target.subarray(token - 1, token);
      const ids = new Int32Array(batch.count * fed.length);
      for (let row = 0; row < batch.count; row++) ids.set(fed, row * fed.length);
      const scoring = {
        targets: new Int32Array(batch.count).fill(id),
        reference: reference.probabilities.subarray(token * vocabSize, (token + 1) * vocabSize),
        referenceTokens: 1,
      };
      await pause();
      steps.push(await batch.feed(ids, fed.length, ['scores'], scoring));
    }
    return Array.from({ length: batch.count }, (_, row) =>
      comparison(reference, (token) => ({ scores: steps[token]!, at: row })),
    );
  }
}

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

/** One step that feeds suffix + answer to every row and reads the logits that predict each token of the answer. */
function forcedStep(
  decoder: Decoder,
  prefix: PrefixView,
  hidden: readonly HiddenEntries[],
  suffix: Int32Array,
  target: Int32Array,
): DecoderStep {
  const { keyValues } = prefix;
  const rows = hidden.length;
  const sequence = Int32Array.of(...suffix, ...target.subarray(0, -1));
  const tokens = sequence.length;
  const ids = new Int32Array(rows * tokens);
  for (let row = 0; row < rows; row++) ids.set(sequence, row * tokens);
  const logitRows = new Int32Array(rows * target.length);
  for (let i = 0; i < logitRows.length; i++) {
    logitRows[i] = Math.floor(i / target.length) * tokens + suffix.length - 1 + (i % target.length);
  }
  return {
    rows,
    tokens,
    ids,
    positions: ids.map((_, index) => nextPosition(keyValues) + (index % tokens)),
    prefix: keyValues,
    prefixBias: prefixBias(hidden, prefixShape(decoder, prefix)),
    own: null,
    ownBias: causalBias(rows, tokens),
    logitRows,
  };
}

/** Writes the softmax of `logits` into `probabilities`. */
function softmax(logits: Float32Array, probabilities: Float32Array): { logSumExp: number; argmax: number } {
  let argmax = 0;
  for (let v = 1; v < logits.length; v++) if (logits[v]! > logits[argmax]!) argmax = v;
  const max = logits[argmax]!;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  const logSumExp = max + Math.log(sum);
  for (let v = 0; v < logits.length; v++) probabilities[v] = Math.exp(logits[v]! - logSumExp);
  return { logSumExp, argmax };
}

/** Equal for rows that force the same answer after the same suffix: they share a reference and can share a run. */
export const forcedKey = ({ suffix, target }: Pick<ComparisonRow, 'suffix' | 'target'>): string =>
  `${suffix.join()}|${target.join()}`;
