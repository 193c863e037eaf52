import type { Sampling } from '../languageModel.ts';
import type { DecoderOutput, DecoderStep, StepResult } from './decoder.ts';

/**
 * Noise is made of 32 bits, so it lies between -3.2 and 22.9: a logit that is further than this below the largest one
 * (after division by the temperature) cannot win.
 */
const widestGap = 26.1;

export interface SampledRow {
  /** Absent: greedy. */
  readonly sampling?: Sampling | undefined;
}

/**
 * Chooses each row's next token: the likeliest, or with a temperature the largest of logit / temperature + Gumbel noise,
 * which is a draw from the softmax (Gumbel-max trick, https://arxiv.org/abs/1411.0030). The noise depends on the seed, the
 * place in the answer and the token alone. So answers do not depend on what runs beside them, and two caches with one seed
 * say the same as long as they agree: their difference is the caches', not chance's.
 */
export class Sampler {
  readonly #draws: boolean;

  constructor(readonly rows: readonly SampledRow[]) {
    this.#draws = rows.some(({ sampling }) => sampling !== undefined);
  }

  /** What a step of some rows, after `lengths` tokens of answer each, has to give. */
  outputs(_rows: readonly number[], _lengths: readonly number[]): readonly DecoderOutput[] {
    return [this.#draws ? 'logits' : 'argmax'];
  }

  /** What it has to score. */
  scoring(_rows: readonly number[], _lengths: readonly number[]): DecoderStep['scoring'] {
    return undefined;
  }

  /** The next tokens of some rows after `lengths` tokens of answer each, from the step that ran them in this order. */
  next(step: StepResult, rows: readonly number[], lengths: readonly number[]): Int32Array {
    if (!this.#draws) return step.argmax;
    const { logits } = step;
    const vocabSize = logits.length / rows.length;
    return Int32Array.from(rows, (row, slot) => {
      const ofRow = logits.subarray(slot * vocabSize, (slot + 1) * vocabSize);
      const { sampling } = this.rows[row]!;
      return sampling === undefined ? largest(ofRow) : draw(ofRow, sampling, lengths[slot]!);
    });
  }
}

/** One token from the softmax of logits / temperature, the same for the same seed and place. */
export function draw(logits: Float32Array, { temperature, seed }: Sampling, place: number): number {
  const top = logits[largest(logits)]!;
  const least = top - widestGap * temperature;
  const base = mixed(mixed(seed) ^ Math.imul(place + 1, 0x9e3779b1));
  let best = -1;
  let bestValue = -Infinity;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (logit < least) continue;
    const uniform = (mixed(base ^ Math.imul(token + 1, 0x85ebca77)) + 0.5) / 2 ** 32;
    const value = logit / temperature - Math.log(-Math.log(uniform));
    if (value <= bestValue) continue;
    best = token;
    bestValue = value;
  }
  return best;
}

/** Ties go to the lower token id. */
function largest(logits: Float32Array): number {
  let at = 0;
  for (let token = 1; token < logits.length; token++) if (logits[token]! > logits[at]!) at = token;
  return at;
}

/** A permutation of 32-bit numbers whose output bits all depend on all input bits (MurmurHash3's finaliser, twice). */
function mixed(value: number): number {
  let hash = value >>> 0;
  for (let round = 0; round < 2; round++) {
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
    hash = (hash + 0x27d4eb2f) >>> 0;
  }
  return hash;
}
