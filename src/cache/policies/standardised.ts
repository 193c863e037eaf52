/** Subtracts the mean and divides by the standard deviation (n - 1) over all numbers; deviations below 1e-6 count as that. */
export function standardised(values: ArrayLike<number>): Float64Array {
  const result = Float64Array.from(values);
  const mean = result.reduce((sum, value) => sum + value, 0) / result.length;
  const squares = result.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.max(1e-6, Math.sqrt(squares / Math.max(1, result.length - 1)));
  return result.map((value) => (value - mean) / deviation);
}
