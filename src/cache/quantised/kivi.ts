import { z } from 'zod';
import { exactBytes, noBytes, sumBytes } from '../bytes.ts';
import { toHalves } from './float16.ts';
import { defineFormat } from './formatFamily.ts';
import { requantiseHalves } from './halfAffine.ts';

const bits = z.literal([2, 4]);

/**
 * KIVI (arXiv 2402.02750): keys per channel in groups of tokens, values per token in groups of channels, both asymmetric
 * in fp16 arithmetic; the most recent entries stay in fp16. After a prefill these are the last S mod R keys and the last R
 * values, R being the residual length.
 */
export const kivi = defineFormat({
  id: 'kivi',
  engine: 'KIVI',
  summary: 'Keys per channel, values per token, the most recent in 16 bits.',
  source: 'https://github.com/jy-yuan/KIVI/blob/main/models/llama_kivi.py',
  schema: z
    .strictObject({
      keyBits: bits.default(2).describe('Bits of a key.'),
      valueBits: bits.default(2).describe('Bits of a value.'),
      groupSize: z.literal([32, 64, 128]).default(32).describe('Elements that share a scale.'),
      residualLength: z.int().min(32).default(128).describe('Tokens after which recent keys are quantised.'),
    })
    .refine(({ groupSize, residualLength }) => residualLength % groupSize === 0, {
      error: 'has to be a multiple of groupSize',
      path: ['residualLength'],
    }),
  create({ keyBits, valueBits, groupSize, residualLength }) {
    const quantisedKeys = (tokens: number): number => tokens - (tokens % residualLength);
    const quantisedValues = (tokens: number): number => Math.max(0, tokens - residualLength);
    return {
      title: `KIVI ${keyBits}/${valueBits} bits (group ${groupSize}, residual ${residualLength})`,
      refusal: ({ headDim }) =>
        headDim % groupSize === 0 ? undefined : `KIVI does not group heads of ${headDim} channels by ${groupSize}.`,
      notes: ({ seqLen }) => [
        `${quantisedKeys(seqLen)} keys and ${quantisedValues(seqLen)} values of ${seqLen} are quantised; the rest is in the residual window.`,
        'Only the prefill is modelled: entries that leave the window during an answer stay in 16 bits here.',
      ],
      layerBytes({ kvHeads, headDim }, tokens) {
        const keys = quantisedKeys(tokens) * kvHeads * headDim;
        const values = quantisedValues(tokens) * kvHeads * headDim;
        return sumBytes([
          exactBytes(kvHeads * tokens - (keys + values) / headDim / 2, headDim),
          {
            ...noBytes,
            codes: (keys * keyBits + values * valueBits) / 8,
            metadata: ((keys + values) / groupSize) * 4,
          },
        ]);
      },
      store({ kvHeads, seqLen, headDim, keys: exactKeys, values: exactValues }) {
        const keys = toHalves(exactKeys);
        const values = toHalves(exactValues);
        for (let head = 0; head < kvHeads; head++) {
          const start = head * seqLen * headDim;
          for (let token = 0; token < quantisedKeys(seqLen); token += groupSize) {
            for (let channel = 0; channel < headDim; channel++)
              requantiseHalves(keys, start + token * headDim + channel, headDim, groupSize, keyBits);
          }
          const end = start + quantisedValues(seqLen) * headDim;
          for (let group = start; group < end; group += groupSize)
            requantiseHalves(values, group, 1, groupSize, valueBits);
        }
        return { keys, values };
      },
    };
  },
});
