import { z } from 'zod';
import type { LayerObservation } from '../../layerObservation.ts';
import { defineWrapper } from '../family.ts';
import { norms } from '../norms.ts';
import { after, evicted } from './transforms.ts';

const smallest = 1e-6;

/** An evicted entry and the kept one whose key is most like its own. */
interface Match {
  readonly from: number;
  readonly to: number;
  readonly similarity: number;
}

/** Values of evicted entries are merged into the kept ones with the most similar keys. */
export const merging = defineWrapper({
  id: 'merging',
  title: 'Merging',
  paper: {
    title: 'D2O: Dynamic Discriminative Operations for Efficient Long-Context Inference of Large Language Models',
    url: 'https://arxiv.org/abs/2406.13035',
  },
  formula:
    'Each evicted entry i goes to the kept t of the largest cosine of keys, if that is at least `threshold` and among the best `fraction`: V_t = (V_t + sum w_i V_i) / (1 + sum w_i), w_i = max(0, cosine) |V_i| / (|V_i| + |V_t|). Keys stay.',
  effect: 'The values of the others are merged into them.',
  needs: 'nothing more',
  cost: 'S x n x d per KV head',
  schema: z.strictObject({
    threshold: z.number().min(-1).max(1).default(0),
    fraction: z.number().min(0).max(1).default(1),
  }),
  wrap: (base, { threshold, fraction }) => ({
    transform: after(base, (layer, kept) => {
      const { seqLen, headDim } = layer;
      const values = layer.values.slice();
      const valueLengths = norms(layer.values, headDim);
      for (const [head, positions] of kept.entries()) {
        const matches = bestMatches(layer, head, positions);
        const limit = Math.max(
          threshold,
          quantile(
            matches.map(({ similarity }) => similarity),
            1 - fraction,
          ),
        );
        const totals = new Map<number, { sum: Float64Array; weight: number }>();
        for (const { from, to, similarity } of matches) {
          if (similarity < limit) continue;
          const ofFrom = valueLengths[head * seqLen + from]!;
          const ofTo = valueLengths[head * seqLen + to]!;
          const weight = (Math.max(0, similarity) * ofFrom) / (ofFrom + ofTo + smallest);
          const total = totals.get(to) ?? { sum: new Float64Array(headDim), weight: 0 };
          for (let channel = 0; channel < headDim; channel++)
            total.sum[channel]! += weight * layer.values[(head * seqLen + from) * headDim + channel]!;
          totals.set(to, { sum: total.sum, weight: total.weight + weight });
        }
        for (const [to, { sum, weight }] of totals) {
          const at = (head * seqLen + to) * headDim;
          for (let channel = 0; channel < headDim; channel++)
            values[at + channel] = (values[at + channel]! + sum[channel]!) / (1 + weight);
        }
      }
      return { values };
    }),
  }),
});

function bestMatches(layer: LayerObservation, head: number, kept: Int32Array): Match[] {
  const { seqLen, headDim, keys } = layer;
  if (kept.length === 0) return [];
  const lengths = norms(keys.subarray(head * seqLen * headDim, (head + 1) * seqLen * headDim), headDim);
  return Array.from(evicted(kept, seqLen), (from) => {
    let [to, similarity] = [kept[0]!, -Infinity];
    for (const position of kept) {
      let dot = 0;
      for (let channel = 0; channel < headDim; channel++)
        dot +=
          keys[(head * seqLen + from) * headDim + channel]! * keys[(head * seqLen + position) * headDim + channel]!;
      const cosine = dot / (Math.max(smallest, lengths[from]!) * Math.max(smallest, lengths[position]!));
      if (cosine > similarity) [to, similarity] = [position, cosine];
    }
    return { from, to, similarity };
  });
}

/** The value below which a share of the numbers lies, interpolated; -Infinity without numbers. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  return low === undefined || high === undefined ? -Infinity : low + (high - low) * (at - Math.floor(at));
}
