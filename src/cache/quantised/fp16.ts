import { z } from 'zod';
import { exactBytes } from '../bytes.ts';
import { toHalves } from './float16.ts';
import { defineFormat } from './formatFamily.ts';

/** The cache that engines hold by default, and the one that fractions of bytes refer to. */
export const fp16 = defineFormat({
  id: 'fp16',
  engine: 'any engine',
  summary: 'Every key and value in 16 bits.',
  source: 'https://doi.org/10.1109/IEEESTD.2019.8766229',
  schema: z.strictObject({}),
  create: () => ({
    title: 'FP16',
    refusal: () => undefined,
    notes: () => [],
    layerBytes: ({ kvHeads, headDim }, tokens) => exactBytes(kvHeads * tokens, headDim),
    store: ({ keys, values }) => ({ keys: toHalves(keys), values: toHalves(values) }),
  }),
});
