import { z } from 'zod';
import { HoldfastError } from '../../../errors.ts';
import { keptCount } from '../../selection.ts';
import { defineWrapper } from '../family.ts';
import { ownBudgetNote } from '../ownBudget.ts';
import { refusesOwnBudgets, refusesSelections } from './refusals.ts';

/** A compression ratio for each layer. */
export const perLayer = defineWrapper({
  id: 'per-layer',
  title: 'Per layer',
  paper: { title: 'kvpress: PerLayerCompressionPress', url: 'https://github.com/NVIDIA/kvpress' },
  formula: 'The base with its own ratio in each compressed layer; the ratio of the variant is not used.',
  effect: 'Each layer has its own ratio.',
  needs: 'nothing more',
  cost: 'that of the base',
  schema: z.strictObject({ ratios: z.array(z.number().min(0).lt(1)).min(1) }),
  refuses: (bases) => refusesSelections(bases) ?? refusesOwnBudgets(bases),
  wrap: (base, { ratios }) => ({
    score: (layer, budget) => base.score(layer, { ...budget, ratio: ratios[budget.layer]! }),
    budgets(layers) {
      if (layers.length !== ratios.length)
        throw new HoldfastError(
          'invalid-settings',
          `per-layer has ${ratios.length} ratios for ${layers.length} layers.`,
          'Give one ratio for each layer that is compressed, with colons between them.',
        );
      return layers.map(({ seqLen }, layer) => keptCount(seqLen, ratios[layer]!).keptTokens);
    },
    notes: (seqLen, ratio, layers) => [
      ...(base.notes?.(seqLen, ratio, layers) ?? []),
      ownBudgetNote('Per layer', 'its list of ratios'),
    ],
  }),
});
