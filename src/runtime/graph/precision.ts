/** How weights are executed. */
export const precisions = ['auto', 'float32', 'int8'] as const;

/**
 * - `auto`: quantised weights stay quantised and run exactly in block kernels; float weights run as float32.
 * - `float32`: everything is dequantised to float32.
 * - `int8`: as `auto`, but float weights are rounded to 8-bit integers with one scale per 32 columns. Each weight moves by
 *   at most 1/254 of the largest magnitude in its block of 32.
 */
export type Precision = (typeof precisions)[number];
