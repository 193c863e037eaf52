import type { Comparison } from '../languageModel.ts';
import { causalBias, type Decoder } from './decoder.ts';
import { prefixShape, tokenRowsPerRun } from './generate.ts';
import type { Pause } from './pause.ts';
import type { Prefill } from './prefill.ts';
import { HiddenEntries, prefixBias } from './prefixMask.ts';

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

/**
 * Compares masked caches with the full cache on teacher-forced answers. Per token,
 * KL(full || masked) = sum_v p (log p - log q) = -H(p) - sum_v p logit_q + logsumexp_q.
 */
export class Comparer {
  readonly #references = new Map<string, Reference>();

  constructor(
    readonly decoder: Decoder,
    readonly prefix: Prefill,
  ) {}

  async compare(
    rows: readonly ComparisonRow[],
    pause: Pause,
    progress?: (done: number, total: number) => void,
  ): Promise<Comparison[]> {
    const results = new Array<Comparison>(rows.length);
    let done = 0;
    for (const group of groupBy(rows, ({ suffix, target }) => `${suffix.join()}|${target.join()}`)) {
      const { suffix, target } = rows[group[0]!]!;
      const reference = await this.#reference(suffix, target, pause);
      // Rows that hide the same entries are one computation.
      const distinct = groupBy(group, (index) => rows[index]!.hidden.key).map((same) => same.map((i) => group[i]!));
      const perRun = Math.max(1, Math.floor(tokenRowsPerRun / (suffix.length + target.length)));
      for (let start = 0; start < distinct.length; start += perRun) {
        const part = distinct.slice(start, start + perRun);
        const compared = await this.#run(
          part.map(([index]) => rows[index!]!.hidden),
          suffix,
          target,
          reference,
          pause,
        );
        for (const [i, same] of part.entries()) {
          for (const index of same) results[index] = compared[i]!;
          done += same.length;
        }
        progress?.(done, rows.length);
      }
    }
    return results;
  }

  async #reference(suffix: Int32Array, target: Int32Array, pause: Pause): Promise<Reference> {
    const key = `${suffix.join()}|${target.join()}`;
    const known = this.#references.get(key);
    if (known !== undefined) return known;
    const { vocabSize } = this.decoder.config;
    await pause();
    const full = new HiddenEntries(prefixShape(this.decoder, this.prefix));
    const logits = (await this.decoder.run(this.#step([full], suffix, target), ['logits'])).logits;
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

  async #run(
    hidden: readonly HiddenEntries[],
    suffix: Int32Array,
    target: Int32Array,
    reference: Reference,
    pause: Pause,
  ): Promise<Comparison[]> {
    const length = target.length;
    if (hidden.length === 1 && hidden[0]!.isEmpty) {
      return [{ kl: new Float32Array(length), logProbs: reference.logProbs, flips: 0 }];
    }
    await pause();
    const targets = new Int32Array(hidden.length * length);
    for (let row = 0; row < hidden.length; row++) targets.set(target, row * length);
    const scoring = { targets, reference: reference.probabilities, referenceTokens: length };
    const { cross, logSumExp, targetLogits, argmax } = await this.decoder.run(
      { ...this.#step(hidden, suffix, target), scoring },
      ['scores'],
    );
    return hidden.map((_, row) => {
      const kl = new Float32Array(length);
      const logProbs = new Float32Array(length);
      let flips = 0;
      for (let token = 0; token < length; token++) {
        const at = row * length + token;
        kl[token] = Math.max(0, logSumExp[at]! - cross[at]! - reference.entropy[token]!);
        logProbs[token] = targetLogits[at]! - logSumExp[at]!;
        if (argmax[at] !== reference.argmax[token]) flips++;
      }
      return { kl, logProbs, flips: flips / length };
    });
  }

  /** One step that feeds suffix + answer to every row and reads the logits that predict each token of the answer. */
  #step(hidden: readonly HiddenEntries[], suffix: Int32Array, target: Int32Array) {
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
      positions: ids.map((_, index) => this.prefix.keyValues.tokens + (index % tokens)),
      prefix: this.prefix.keyValues,
      prefixBias: prefixBias(hidden, prefixShape(this.decoder, this.prefix)),
      own: null,
      ownBias: causalBias(rows, tokens),
      logitRows,
    };
  }
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

/** Indices of items by key, groups in order of first appearance. */
function groupBy<T>(items: readonly T[], key: (item: T) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, item] of items.entries()) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}
