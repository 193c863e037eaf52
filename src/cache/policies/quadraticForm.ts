/**
 * `x^T M^-1 x` for a symmetric positive definite M [n, n], from its Cholesky factor; a diagonal that is too small for float
 * noise is raised tenfold up to five times.
 */
export class InverseForm {
  readonly #factor: Float64Array; // [n, n], lower triangle
  readonly #solved: Float64Array; // [n]

  /** @throws RangeError when the matrix is not positive definite even then. */
  constructor(
    matrix: Float64Array,
    readonly size: number,
    jitter = 1e-9,
  ) {
    this.#solved = new Float64Array(size);
    let added = 0;
    for (let attempt = 0; attempt < 5; attempt++) {
      const factor = cholesky(matrix, size, added);
      if (factor !== undefined) {
        this.#factor = factor;
        return;
      }
      added = jitter * 10 ** (attempt + 1);
    }
    throw new RangeError(`A matrix of ${size} rows is not positive definite.`);
  }

  /** Of the vector that begins at `offset`. */
  of(vectors: ArrayLike<number>, offset: number): number {
    const { size } = this;
    const solved = this.#solved;
    let squares = 0;
    for (let row = 0; row < size; row++) {
      let value = vectors[offset + row]!;
      for (let column = 0; column < row; column++) value -= this.#factor[row * size + column]! * solved[column]!;
      solved[row] = value / this.#factor[row * size + row]!;
      squares += solved[row]! ** 2;
    }
    return squares;
  }
}

/** The lower factor L with `L L^T = M + added I`; undefined where a pivot is not positive. */
function cholesky(matrix: Float64Array, size: number, added: number): Float64Array | undefined {
  const factor = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column]! + (row === column ? added : 0);
      for (let inner = 0; inner < column; inner++) sum -= factor[row * size + inner]! * factor[column * size + inner]!;
      if (row !== column) factor[row * size + column] = sum / factor[column * size + column]!;
      else if (sum > 0) factor[row * size + row] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return factor;
}
