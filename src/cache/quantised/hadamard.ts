/**
 * The Walsh-Hadamard transform (Sylvester's order, not normalised) of `size` elements from `start`, in place; twice is
 * multiplication by `size`. Every sum is rounded to the precision of the array.
 */
export function walshHadamard(values: Float32Array | Float64Array, start: number, size: number): void {
  for (let half = 1; half < size; half *= 2) {
    for (let block = start; block < start + size; block += 2 * half) {
      for (let index = block; index < block + half; index++) {
        const a = values[index]!;
        const b = values[index + half]!;
        values[index] = a + b;
        values[index + half] = a - b;
      }
    }
  }
}

/** The orthonormal transform of each run of `size` elements: its own inverse. Computed in doubles, rounded once. */
export function rotateRuns(values: Float32Array, size: number): Float32Array {
  const rotated = Float64Array.from(values);
  for (let start = 0; start < rotated.length; start += size) walshHadamard(rotated, start, size);
  const scale = 1 / Math.sqrt(size);
  return Float32Array.from(rotated, (value) => value * scale);
}

export const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;
