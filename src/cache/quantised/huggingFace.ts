import { z } from 'zod';
import { noBytes } from '../bytes.ts';
import { toHalves } from './float16.ts';
import { defineFormat } from './formatFamily.ts';
import { requantiseHalves } from './halfAffine.ts';

/**
 * `QuantizedCache` of Transformers with its default backend quanto and `axis` 0: flat groups of consecutive elements of
 * the whole tensor, asymmetric in fp16 arithmetic. A prefill is quantised in one go; `residual_length` protects later
 * tokens only, so it changes nothing here. Its HQQ backend fits its scales iteratively and is not modelled.
 */
export const huggingFace = defineFormat({
  id: 'huggingface',
  engine: 'Transformers QuantizedCache',
  summary: 'Flat groups of 64 elements with an fp16 scale and minimum; the whole prefill at once.',
  source: 'https://github.com/huggingface/transformers/blob/main/src/transformers/cache_utils.py',
  schema: z.strictObject({
    bits: z.literal([2, 4]).default(4).describe('Bits of an element (nbits).'),
    groupSize: z.int().min(8).default(64).describe('Elements that share a scale (q_group_size).'),
  }),
  create({ bits, groupSize }) {
    return {
      title: `Transformers quanto ${bits} bits (group ${groupSize})`,
      refusal: ({ kvHeads, headDim, seqLen }) =>
        (kvHeads * seqLen * headDim) % groupSize === 0
          ? undefined
          : `quanto refuses ${kvHeads * seqLen * headDim} elements: they do not divide into groups of ${groupSize}.`,
      notes: ({ headDim }) => [
        ...(headDim % groupSize === 0 ? [] : ['Groups cross from one token to the next, as in quanto.']),
        'Transformers quantises the prefix a second time when 128 further tokens have come; that is not modelled.',
      ],
      layerBytes({ kvHeads, headDim }, tokens) {
        const groups = Math.ceil((kvHeads * tokens * headDim) / groupSize);
        const packedGroups = Math.ceil(groups / (8 / bits)); // one byte holds elements of several groups
        return { ...noBytes, codes: 2 * packedGroups * groupSize, metadata: 2 * groups * 4 };
      },
      store({ keys: exactKeys, values: exactValues }) {
        const keys = toHalves(exactKeys);
        const values = toHalves(exactValues);
        for (const tensor of [keys, values])
          for (let start = 0; start < tensor.length; start += groupSize)
            requantiseHalves(tensor, start, 1, groupSize, bits);
        return { keys, values };
      },
    };
  },
});
