import { z } from 'zod';
import { exactBytes, noBytes, sumBytes, type CacheBytes } from '../bytes.ts';
import type { EntryShape } from './cacheShape.ts';
import { toHalves } from './float16.ts';
import { defineFormat } from './formatFamily.ts';
import { ggmlBlocks, ggmlBlockSize, ggmlTypes, type GgmlType } from './ggmlBlocks.ts';
import { rotateRuns } from './hadamard.ts';

/** The smallest rotation, and the one of values: smaller mixes outliers less but measured better (llama.cpp #21038). */
const smallestRotation = 64;

/**
 * llama.cpp, and what runs on it (Ollama, LM Studio): `--cache-type-k`, `--cache-type-v`. Since April 2026 quantised keys
 * and values are rotated by a Hadamard matrix before they are stored, where the head dimension is a multiple of 64;
 * `rotation: false` is LLAMA_ATTN_ROT_DISABLE=1 or an older version.
 */
export const llamaCpp = defineFormat({
  id: 'llamacpp',
  engine: 'llama.cpp',
  summary: 'Blocks of 32 channels of one token and head with an fp16 scale, after a Hadamard rotation.',
  source: 'https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-quants.c',
  schema: z.strictObject({
    keys: z.enum(ggmlTypes).default('q8_0').describe('Type of the keys.'),
    values: z.enum(ggmlTypes).default('q8_0').describe('Type of the values; a quantised one needs flash attention.'),
    rotation: z.boolean().default(true).describe('Rotate what is quantised.'),
  }),
  create({ keys, values, rotation }) {
    const types = keys === values ? keys : `${keys}/${values}`;
    const quantised = keys !== 'f16' || values !== 'f16';
    const rotates = (headDim: number): boolean => rotation && headDim % smallestRotation === 0;
    const suffix = rotation || !quantised ? '' : ' without rotation';
    return {
      title: `llama.cpp ${types}${suffix}`,
      refusal: ({ headDim }) =>
        quantised && headDim % ggmlBlockSize !== 0
          ? `llama.cpp does not start with a ${types} cache: its blocks of ${ggmlBlockSize} do not divide heads of ${headDim} channels.`
          : undefined,
      notes: ({ headDim }) => [
        ...(quantised && rotation && !rotates(headDim)
          ? [`Stored without rotation: heads of ${headDim} channels are not a multiple of ${smallestRotation}.`]
          : []),
        ...(quantised
          ? ['Queries and sums stay in full precision; llama.cpp quantises queries too on some devices.']
          : []),
      ],
      layerBytes: ({ kvHeads, headDim }: EntryShape, tokens) =>
        sumBytes([keys, values].map((type) => typeBytes(type, kvHeads * tokens * headDim))),
      store: (layer) => ({
        keys: store(layer.keys, keys, rotates(layer.headDim) ? largestRotation(layer.headDim) : undefined),
        values: store(layer.values, values, rotates(layer.headDim) ? smallestRotation : undefined),
      }),
    };
  },
});

/** Bytes of so many keys or values. */
function typeBytes(type: GgmlType, elements: number): CacheBytes {
  if (type === 'f16') return exactBytes(elements / 2, 1); // an entry is a key and a value
  const { bits, metadataBytes } = ggmlBlocks[type];
  return { ...noBytes, codes: (elements * bits) / 8, metadata: (elements / ggmlBlockSize) * metadataBytes };
}

/** The largest power of two that divides the head dimension. */
const largestRotation = (headDim: number): number => headDim & -headDim;

function store(exact: Float32Array, type: GgmlType, rotation: number | undefined): Float32Array {
  if (type === 'f16') return toHalves(exact);
  const stored = rotation === undefined ? exact.slice() : rotateRuns(exact, rotation);
  for (let start = 0; start < stored.length; start += ggmlBlockSize) ggmlBlocks[type].requantise(stored, start);
  return rotation === undefined ? stored : rotateRuns(stored, rotation);
}
