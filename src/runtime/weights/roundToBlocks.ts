import { blockValues, type BlockShape, type BlockValues } from './blockForm.ts';

const largest = 127;

/** 8-bit integers with one scale per 32 columns. */
export const roundedForm: BlockShape = { blockSize: 32, low: -largest, high: largest, hasMins: false };

/**
 * Float rows rounded to `scale * integer` with `scale = max |w| / 127` per block of 32: no weight moves by more than half
 * a scale. Rows must be whole blocks.
 */
export function* roundToBlocks(slices: Iterable<Float32Array>): Generator<BlockValues> {
  for (const slice of slices) {
    const values = blockValues(roundedForm, slice.length);
    for (let block = 0, start = 0; start < slice.length; block++, start += 32) {
      let magnitude = 0;
      for (let i = start; i < start + 32; i++) magnitude = Math.max(magnitude, Math.abs(slice[i]!));
      const scale = Math.fround(magnitude / largest);
      values.scales[block] = scale;
      if (scale === 0) continue; // integers are zero already
      for (let i = start; i < start + 32; i++) {
        values.integers[i] = Math.max(-largest, Math.min(largest, Math.round(slice[i]! / scale)));
      }
    }
    yield values;
  }
}
