import type { DecoderOutput, StepResult } from './decoder.ts';

/** What the full cache predicts at each token of one answer. */
export interface Reference {
  readonly probabilities: Float32Array; // [t, vocab]
  readonly entropy: Float64Array; // [t], nats
  readonly logProbs: Float32Array; // [t], of the answer's tokens
  readonly argmax: Int32Array; // [t]
}

/** What it predicts at one token. */
export interface Prediction {
  readonly probabilities: Float32Array; // [vocab]
  readonly entropy: number; // nats
  readonly logProb: number; // of the answer's token
  readonly argmax: number;
}

/** What a step that scores has to give for predictions. */
export const predictionOutputs: readonly DecoderOutput[] = ['logits', 'scores', 'probabilities'];

/** What a step predicts where its logits' row `at` is, with `id` the answer's token there. Its probabilities are the step's own. */
export function predictionOf(step: StepResult, at: number, id: number, vocabSize: number): Prediction {
  const logits = step.logits.subarray(at * vocabSize, (at + 1) * vocabSize);
  const probabilities = step.probabilities.subarray(at * vocabSize, (at + 1) * vocabSize);
  const logSumExp = step.logSumExp[at]!;
  let expected = 0;
  for (let token = 0; token < vocabSize; token++) expected += probabilities[token]! * logits[token]!;
  return { probabilities, entropy: logSumExp - expected, logProb: logits[id]! - logSumExp, argmax: step.argmax[at]! };
}

/** The predictions of a whole answer, copied. */
export function referenceOf(predictions: readonly Prediction[], vocabSize: number): Reference {
  const probabilities = new Float32Array(predictions.length * vocabSize);
  for (const [token, prediction] of predictions.entries()) {
    probabilities.set(prediction.probabilities, token * vocabSize);
  }
  return {
    probabilities,
    entropy: Float64Array.from(predictions, ({ entropy }) => entropy),
    logProbs: Float32Array.from(predictions, ({ logProb }) => logProb),
    argmax: Int32Array.from(predictions, ({ argmax }) => argmax),
  };
}
