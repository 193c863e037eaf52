import { select } from '../../selection.ts';
import { acrossHeads } from '../../selections/acrossRows.ts';
import { joined, type ScoredLayer, type Selection, type SelectionTask } from '../../selections/selection.ts';
import { defineWrapper } from '../family.ts';
import { adakv } from './adakv.ts';
import { criticalPaper, criticalSchema, outputWeighted, refusesValueNorms } from './criticalkv.ts';

/** CriticalKV with the per-head budgets of AdaKV. */
export const criticalAdakv = defineWrapper({
  id: 'critical-adakv',
  title: 'Critical AdaKV',
  paper: criticalPaper,
  formula:
    'Per-head budgets of AdaKV; of each the best trunc(`first` x budget) by the base stay, the rest goes by (base + `epsilon`) x mean over the group of the L1 norm of Wo v.',
  effect: 'The heads of a layer share its budget, and its second part weighs values by what they do to the output.',
  needs: 'output projection',
  cost: 'S x d x hidden size per query head',
  schema: criticalSchema.extend(adakv.schema.shape),
  refuses: refusesValueNorms,
  wrap: (base, { alpha, first, epsilon }) => ({
    needs: (seqLen) => ({ ...base.needs(seqLen), outputWeight: true }),
    selection: criticalAcrossHeads(alpha, first, epsilon),
  }),
});

function criticalAcrossHeads(alpha: number, first: number, epsilon: number): Selection {
  const byScore = acrossHeads(alpha);
  return (task) => {
    const shared = byScore(task);
    return task.layers.map((layer, index) => rechosen(layer, task, shared[index]!, first, epsilon));
  };
}

/** Each head keeps as many entries of each part as before, the later ones by the output. */
function rechosen(
  layer: ScoredLayer,
  { seqLen, plans }: SelectionTask,
  counted: readonly Int32Array[],
  first: number,
  epsilon: number,
): Int32Array[] {
  const weighted = outputWeighted(layer.observation, layer.scores, epsilon);
  return counted.map((before, head) => {
    const row = (scores: Float32Array): Float32Array => scores.subarray(head * seqLen, (head + 1) * seqLen);
    const chosen = plans(layer.keptTokens).map((plan) => {
      const { start, end } = plan.range;
      const budget = before.filter((position) => position >= start && position < end).length;
      const firstCount = Math.max(plan.protectedPositions.length, Math.trunc(budget * first));
      const firstOnes = select(row(layer.scores), { ...plan, keptTokens: firstCount }, layer.origin(head));
      const taken = new Set(firstOnes);
      const open = plan.candidates.filter((position) => !taken.has(position));
      const rest = { ...plan, keptTokens: budget, protectedPositions: firstOnes, candidates: open };
      return select(row(weighted), rest, layer.origin(head));
    });
    return joined(chosen);
  });
}
