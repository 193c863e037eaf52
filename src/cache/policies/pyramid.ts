import { z } from 'zod';
import { roundHalfEven } from '../roundHalfEven.ts';
import { definePolicy } from './family.ts';
import { protectionOf } from './policy.ts';
import { snapkv } from './snapkv.ts';

interface PyramidShape {
  readonly seqLen: number;
  readonly ratio: number;
  readonly layers: number;
  readonly window: number;
  readonly beta: number;
}

/** The largest and smallest budget of a pyramid; undefined where it does not fit and every layer gets the same. */
function bounds({ seqLen, ratio, layers, window, beta }: PyramidShape): { max: number; min: number } | undefined {
  const capacity = window + seqLen * (1 - ratio);
  let min = (capacity - window) / beta;
  let max = 2 * (capacity - window) - min;
  if (max >= seqLen - window) {
    max = seqLen - window;
    min = 2 * (capacity - window) - max;
  }
  return layers > 1 && seqLen >= max && max >= min && min >= window ? { max, min } : undefined;
}

/** Entries per KV head of each layer: more in the lower ones. */
export function pyramidBudgets(shape: PyramidShape): number[] {
  const { seqLen, ratio, layers } = shape;
  const found = bounds(shape);
  return Array.from({ length: layers }, (_, layer) => {
    const share =
      found === undefined ? seqLen * (1 - ratio) : found.max - (layer * (found.max - found.min)) / (layers - 1);
    return Math.min(seqLen, Math.max(1, roundHalfEven(share)));
  });
}

/** PyramidKV: SnapKV's scores with budgets that fall from layer to layer. */
export const pyramid = definePolicy({
  id: 'pyramid',
  title: 'PyramidKV',
  paper: {
    title: 'PyramidKV: Dynamic KV Cache Compression based on Pyramidal Information Funneling',
    url: 'https://arxiv.org/abs/2406.02069',
  },
  formula: 'Scores of SnapKV; the budget falls linearly from the first to the last layer, steeper with `beta`.',
  cost: 'S x query heads',
  schema: snapkv.schema.extend({ beta: z.number().min(1).default(20) }),
  create({ window, kernel, beta }) {
    const base = snapkv.with({ window, kernel });
    return {
      summary: `Keeps what SnapKV (window ${window}) keeps, more of it in the lower layers.`,
      needs: (seqLen) => base.needs(seqLen),
      score: (layer, budget) => base.score(layer, budget),
      protect: (seqLen) => base.protect!(seqLen),
      budgets: (layers, ratio) =>
        pyramidBudgets({ seqLen: layers[0]!.seqLen, ratio, layers: layers.length, window, beta }),
      notes: (seqLen, ratio, layers) => [
        ...base.notes!(seqLen, ratio, layers),
        ...(bounds({ seqLen, ratio, layers, window, beta }) === undefined
          ? ['The pyramid does not fit this budget: every layer keeps the same number.']
          : []),
      ],
      fair(spans, lambda) {
        const { policy, shares } = base.fair!(spans, lambda);
        return {
          shares,
          changes: {
            needs: (seqLen) => policy.needs(seqLen),
            score: (layer, budget) => policy.score(layer, budget),
            protect: (seqLen) => protectionOf(policy, seqLen),
          },
        };
      },
    };
  },
});
