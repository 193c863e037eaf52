import type { RiskCoefficients } from '../../src/analyzer/evidence/risk.ts';
import { riskOf } from '../../src/analyzer/evidence/risk.ts';
import { byPrompt, type Scored } from './auroc.ts';
import type { Pair } from './pairs.ts';

/** Weight of the ridge: on a few hundred pairs of a few dozen prompts, weights without it follow single prompts. */
const ridge = 4;
const iterations = 40;

/**
 * Logistic regression with a ridge on the weights (not the intercept), by Newton's method. Every prompt has the same weight
 * in all, so that one with many instructions does not decide.
 */
export function fitRisk(pairs: readonly Pair[], names: readonly string[], penalty = ridge): RiskCoefficients {
  const perPrompt = byPrompt(pairs);
  const share = pairs.length / perPrompt.size;
  const weightOf = ({ prompt }: Pair): number => share / perPrompt.get(prompt)!.length;
  const rows = pairs.map((pair) => [1, ...names.map((name) => pair.signals[name]!)]);
  let beta = new Array<number>(names.length + 1).fill(0);
  for (let step = 0; step < iterations; step++) {
    const gradient = beta.map((value, i) => (i === 0 ? 0 : -penalty * value));
    const hessian = beta.map((_, i) => beta.map((__, j) => (i === j ? (i === 0 ? 1e-6 : penalty) : 0)));
    for (const [row, features] of rows.entries()) {
      const weight = weightOf(pairs[row]!);
      const p = 1 / (1 + Math.exp(-features.reduce((sum, value, i) => sum + value * beta[i]!, 0)));
      const error = (pairs[row]!.isLost ? 1 : 0) - p;
      for (const [i, value] of features.entries()) {
        gradient[i]! += weight * error * value;
        for (const [j, other] of features.entries()) hessian[i]![j]! += weight * p * (1 - p) * value * other;
      }
    }
    const change = solve(hessian, gradient);
    beta = beta.map((value, i) => value + change[i]!);
    if (Math.max(...change.map(Math.abs)) < 1e-9) break;
  }
  const [intercept, ...weights] = beta;
  return { intercept: intercept!, weights: Object.fromEntries(names.map((name, i) => [name, weights[i]!])) };
}

/** Gaussian elimination with pivoting; `matrix` is positive definite. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = rows[row]![column]! / rows[column]![column]!;
      for (let k = column; k <= size; k++) rows[row]![k]! -= factor * rows[column]![k]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

/** Each pair's risk by coefficients that were fitted without its prompt, in `folds` parts by prompt. */
export function crossValidated(
  pairs: readonly Pair[],
  names: readonly string[],
  folds = 10,
  penalty = ridge,
): Scored[] {
  const prompts = [...new Set(pairs.map(({ prompt }) => prompt))];
  return prompts.length < 2
    ? []
    : Array.from({ length: Math.min(folds, prompts.length) }).flatMap((_, fold, all) => {
        const held = new Set(prompts.filter((__, i) => i % all.length === fold));
        const coefficients = fitRisk(
          pairs.filter(({ prompt }) => !held.has(prompt)),
          names,
          penalty,
        );
        return pairs
          .filter(({ prompt }) => held.has(prompt))
          .map(({ prompt, isLost, signals }) => ({ prompt, isLost, score: riskOf(signals, coefficients) }));
      });
}
