import { z } from 'zod';
import type { LayerObservation } from '../../layerObservation.ts';
import { highestScore, planSelection, select } from '../../selection.ts';
import { defineWrapper } from '../family.ts';
import { groupMean } from '../groupMean.ts';
import { outputNorms } from '../outputNorms.ts';
import { protectionOf, type Policy } from '../policy.ts';
import { refusesSelections } from './refusals.ts';

export const criticalPaper = {
  title: 'Identify Critical KV Cache in LLM Inference from an Output Perturbation Perspective',
  url: 'https://arxiv.org/abs/2502.03805',
};

/** What the parameters of both critical wrappers share. */
export const criticalSchema = z.strictObject({
  first: z.number().min(0).max(1).default(0.5),
  epsilon: z.number().min(0).default(1e-4),
});

/** `(score + epsilon) x` mean over the group of the L1 norm of what the value adds to the output. */
export function outputWeighted(layer: LayerObservation, scores: Float32Array, epsilon: number): Float32Array {
  const weights = groupMean(layer, outputNorms(layer, 1));
  return scores.map((score, entry) => (score + epsilon) * weights[entry]!);
}

export function refusesValueNorms(bases: readonly Policy[]): string | undefined {
  const wrong = bases.find(({ parameters }) => parameters.valueNorm === true);
  return wrong === undefined ? refusesSelections(bases) : `${wrong.id} already weighs values: give it valueNorm=false.`;
}

/** CriticalKV: the second half of the budget goes by attention times what a value does to the output. */
export const criticalkv = defineWrapper({
  id: 'criticalkv',
  title: 'CriticalKV',
  paper: criticalPaper,
  formula:
    'The best trunc(n x `first`) by the base stay; the others score (base + `epsilon`) x mean over the group of the L1 norm of Wo v.',
  effect: 'The second part of the budget weighs values by what they do to the output.',
  needs: 'output projection',
  cost: 'S x d x hidden size per query head',
  schema: criticalSchema,
  refuses: refusesValueNorms,
  wrap: (base, { first, epsilon }) => ({
    needs: (seqLen) => ({ ...base.needs(seqLen), outputWeight: true }),
    score(layer, budget) {
      const { seqLen, kvHeads } = layer;
      const scores = base.score(layer, budget);
      const plan = planSelection(seqLen, Math.trunc(budget.keptTokens * first), protectionOf(base, seqLen));
      const weighted = outputWeighted(layer, scores, epsilon);
      for (let head = 0; head < kvHeads; head++) {
        const row = scores.subarray(head * seqLen, (head + 1) * seqLen);
        for (const position of select(row, plan, `${base.title}, KV head ${head}`))
          weighted[head * seqLen + position] = highestScore;
      }
      return weighted;
    },
  }),
});
