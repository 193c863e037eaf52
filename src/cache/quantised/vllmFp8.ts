import { z } from 'zod';
import { noBytes } from '../bytes.ts';
import { float8E4m3, float8E5m2 } from './minifloat.ts';
import { toHalves } from './float16.ts';
import { roundToFloat8 } from './float8.ts';
import { defineFormat } from './formatFamily.ts';
import type { CacheLayer } from './quantisedCache.ts';

/** What the largest key and value become when vLLM calculates scales: K_SCALE_CONSTANT and V_SCALE_CONSTANT. */
const calculatedRange = { keys: 200, values: 100 };

/**
 * vLLM `--kv-cache-dtype fp8_e4m3 | fp8_e5m2`: the element divided by a float32 scale, saturating. Without calibration
 * every scale is 1; `calculated` is `calculate_kv_scales`, which looks at the first prompt. `tensor` and `head` are a
 * checkpoint's calibrated scales at their best: calibrated on this very prompt, the largest magnitude at the end of the range.
 */
export const vllmFp8 = defineFormat({
  id: 'vllm-fp8',
  engine: 'vLLM',
  summary: 'Every key and value as an 8-bit float, with one scale per layer or KV head.',
  source: 'https://github.com/vllm-project/vllm/blob/main/csrc/quantization/w8a8/fp8/nvidia/quant_utils.cuh',
  schema: z
    .strictObject({
      type: z.enum(['fp8_e4m3', 'fp8_e5m2']).default('fp8_e4m3').describe('The 8-bit float.'),
      scales: z.enum(['one', 'calculated', 'tensor', 'head']).default('one').describe('Where scales come from.'),
    })
    .refine(({ type, scales }) => type === 'fp8_e4m3' || scales === 'one', {
      error: 'fp8_e5m2 is used without scales',
      path: ['scales'],
    }),
  create({ type, scales }) {
    const format = type === 'fp8_e4m3' ? float8E4m3 : float8E5m2;
    const store = (layer: CacheLayer, name: 'keys' | 'values'): Float32Array => {
      const halves = toHalves(layer[name]);
      const rowLength = scales === 'head' ? layer.seqLen * layer.headDim : halves.length;
      const range = scales === 'calculated' ? calculatedRange[name] : format.max;
      for (let start = 0; start < halves.length; start += rowLength) {
        const row = halves.subarray(start, start + rowLength);
        const scale = scales === 'one' ? 1 : Math.fround(largestMagnitude(row) / range) || 1;
        for (let index = 0; index < row.length; index++)
          row[index] = roundToFloat8(Math.fround(row[index]! / scale), format) * scale;
      }
      return halves;
    };
    return {
      title: `vLLM ${type}${scales === 'one' ? '' : ` (scales: ${scales})`}`,
      refusal: () => undefined,
      notes: () => ['Queries and sums stay in full precision; some attention kernels of vLLM use fp8 for them too.'],
      layerBytes: ({ kvHeads, headDim }, tokens) => ({
        ...noBytes,
        codes: 2 * kvHeads * headDim * tokens,
        metadata: 2 * 4 * (scales === 'head' ? kvHeads : 1),
      }),
      store: (layer) => ({ keys: store(layer, 'keys'), values: store(layer, 'values') }),
    };
  },
});

function largestMagnitude(values: Float32Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}
