import { z } from 'zod';
import type { LayerObservation } from '../layerObservation.ts';
import { noise } from '../noise.ts';
import { unrotated } from '../rotary.ts';
import { definePolicy } from './family.ts';
import { noncausal } from './noncausal.ts';
import { InverseForm } from './quadraticForm.ts';
import { standardised } from './standardised.ts';

const ridge = 1e-2;

/**
 * Leverage scores of the centred keys before RoPE, sketched to `sketch` random directions per KV head, standardised over
 * the layer. The keys are rotated back from the cache, which needs neither hidden states nor weights.
 */
export function leverageScores(layer: LayerObservation, sketch: number, seed: number, index: number): Float32Array {
  const { seqLen, kvHeads, headDim } = layer;
  const keys = unrotated(layer.keys, layer.rotary(), seqLen, headDim);
  const scores = new Float64Array(kvHeads * seqLen);
  for (let head = 0; head < kvHeads; head++) {
    const mean = new Float64Array(headDim);
    for (let at = 0; at < seqLen * headDim; at++) mean[at % headDim]! += keys[head * seqLen * headDim + at]! / seqLen;
    const stream = noise(seed, index, head);
    const directions = Float64Array.from({ length: headDim * sketch }, () => stream.normal() / Math.sqrt(sketch));
    const sketched = new Float64Array(seqLen * sketch);
    for (let position = 0; position < seqLen; position++) {
      for (let channel = 0; channel < headDim; channel++) {
        const value = keys[(head * seqLen + position) * headDim + channel]! - mean[channel]!;
        for (let column = 0; column < sketch; column++)
          sketched[position * sketch + column]! += value * directions[channel * sketch + column]!;
      }
    }
    const form = new InverseForm(gram(sketched, sketch), sketch, ridge);
    for (let position = 0; position < seqLen; position++)
      scores[head * seqLen + position] = form.of(sketched, position * sketch);
  }
  return Float32Array.from(standardised(scores));
}

/** `X^T X + ridge I` of rows [n, size]. */
function gram(rows: Float64Array, size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let start = 0; start < rows.length; start += size) {
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) matrix[i * size + j]! += rows[start + i]! * rows[start + j]!;
  }
  for (let i = 0; i < size; i++) matrix[i * size + i]! += ridge;
  return matrix;
}

/** Leverage scores of Compactor: keys that the others cannot replace. */
export const leverage = definePolicy({
  id: 'leverage',
  title: 'Leverage scores',
  paper: noncausal.paper,
  formula:
    'x.(X^T X + 0.01 I)^-1.x of the centred keys before RoPE, projected to `sketch` random directions, standardised over the layer.',
  cost: 'S x sketch x (d + sketch) per KV head',
  schema: z.strictObject({ sketch: z.int().min(1).default(48), seed: z.int().min(0).default(0) }),
  create: ({ sketch, seed }) => ({
    summary: 'Keeps the tokens whose keys cannot be expressed by those of others.',
    needs: () => ({ rotary: true }),
    score: (layer, budget) => leverageScores(layer, sketch, seed, budget.layer),
  }),
});
