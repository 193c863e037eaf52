import type { DecoderOutput, DecoderStep, StepResult } from './decoder.ts';
import { predictionOf, predictionOutputs, referenceOf, type Prediction, type Reference } from './reference.ts';
import { Sampler, type SampledRow } from './sampler.ts';

/** An answer on which other caches will be compared. */
export interface RecordedRow extends SampledRow {
  /** So many of its first tokens. Absent: none. */
  readonly comparedTokens?: number | undefined;
}

/** Keeps what predicted the first tokens of answers: comparing with them takes no other run. */
export class RecordingSampler extends Sampler {
  readonly #predictions: readonly Prediction[][];

  constructor(
    override readonly rows: readonly RecordedRow[],
    readonly vocabSize: number,
  ) {
    super(rows);
    this.#predictions = rows.map(() => []);
  }

  override outputs(rows: readonly number[], lengths: readonly number[]): readonly DecoderOutput[] {
    return this.#records(rows, lengths) ? predictionOutputs : super.outputs(rows, lengths);
  }

  override scoring(rows: readonly number[], lengths: readonly number[]): DecoderStep['scoring'] {
    return this.#records(rows, lengths) ? { targets: new Int32Array(rows.length) } : undefined;
  }

  override next(step: StepResult, rows: readonly number[], lengths: readonly number[]): Int32Array {
    const next = super.next(step, rows, lengths);
    for (const [slot, row] of rows.entries()) {
      if (!this.#isCompared(row, lengths[slot]!)) continue;
      const prediction = predictionOf(step, slot, next[slot]!, this.vocabSize);
      this.#predictions[row]!.push({ ...prediction, probabilities: prediction.probabilities.slice() });
    }
    return next;
  }

  /** What predicted the compared tokens of a row's answer; null where none are. */
  reference(row: number, answer: Int32Array): Reference | null {
    const { comparedTokens = 0 } = this.rows[row]!;
    const tokens = Math.min(comparedTokens, answer.length); // a stop token was predicted, but is no part of the answer
    return tokens === 0 ? null : referenceOf(this.#predictions[row]!.slice(0, tokens), this.vocabSize);
  }

  #records(rows: readonly number[], lengths: readonly number[]): boolean {
    return rows.some((row, slot) => this.#isCompared(row, lengths[slot]!));
  }

  #isCompared(row: number, length: number): boolean {
    return length < (this.rows[row]!.comparedTokens ?? 0);
  }
}
