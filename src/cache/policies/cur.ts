import { z } from 'zod';
import { definePolicy } from './family.ts';
import { norms } from './norms.ts';
import { firstStay } from './policy.ts';

const combinations = {
  key: (key: number) => key,
  value: (_: number, value: number) => value,
  mean: (key: number, value: number) => (key + value) / 2,
  product: (key: number, value: number) => key * value,
} as const;

/** CUR: squared norms of keys and values as leverage scores, each relative to its block. */
export const cur = definePolicy({
  id: 'cur',
  title: 'CUR',
  paper: {
    title: 'Value-Guided KV Compression for LLMs via Approximated CUR Decomposition',
    url: 'https://arxiv.org/abs/2509.15038',
  },
  formula:
    'Squared norms of key and value, each divided by its sum over a block of `block` positions (0: not at all), combined (key, value, mean or product) and divided by the total; the sinks stay.',
  cost: 'S x d per KV head',
  schema: z.strictObject({
    sinks: z.int().min(0).default(4),
    combine: z.enum(['key', 'value', 'mean', 'product']).default('product'),
    block: z.int().min(0).default(16),
  }),
  create({ sinks, combine, block }) {
    const combined = combinations[combine];
    return {
      summary: `Keeps the tokens whose keys and values are large among their ${block === 0 ? 'peers' : `${block} neighbours`}, and the first ${sinks}.`,
      needs: () => ({}),
      score({ seqLen, kvHeads, headDim, keys, values }) {
        const [ofKeys, ofValues] = [keys, values].map((vectors) =>
          shares(
            norms(vectors, headDim).map((length) => length * length),
            seqLen,
            block,
          ),
        );
        const scores = new Float32Array(kvHeads * seqLen);
        for (let head = 0; head < kvHeads; head++) {
          let total = 0;
          for (let entry = head * seqLen; entry < (head + 1) * seqLen; entry++)
            total += combined(ofKeys![entry]!, ofValues![entry]!);
          for (let entry = head * seqLen; total > 0 && entry < (head + 1) * seqLen; entry++)
            scores[entry] = combined(ofKeys![entry]!, ofValues![entry]!) / total;
        }
        return scores;
      },
      protect: firstStay(sinks),
    };
  },
});

/** Each number divided by the sum over its block of a row; a block of zeros stays zero. */
function shares(numbers: Float64Array, seqLen: number, block: number): Float64Array {
  if (block === 0) return numbers;
  const result = new Float64Array(numbers.length);
  for (let row = 0; row < numbers.length; row += seqLen) {
    for (let start = row; start < row + seqLen; start += block) {
      const end = Math.min(row + seqLen, start + block);
      let sum = 0;
      for (let entry = start; entry < end; entry++) sum += numbers[entry]!;
      for (let entry = start; sum > 0 && entry < end; entry++) result[entry] = numbers[entry]! / sum;
    }
  }
  return result;
}
