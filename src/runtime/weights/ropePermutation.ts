/** Row of the result -> row of the stored tensor. */
export type SourceRow = (row: number) => number;

/**
 * Where the rows of `attn_q` and `attn_k` in half-split RoPE order stand in a Llama GGUF, which stores them for
 * interleaved RoPE: `hf[h*d + a*d/2 + j] = gguf[h*d + 2j + a]`, a in {0, 1}, d = `headDim`. Other tensors, and files of
 * other architectures, keep their row order.
 */
export function unpermuteRow(headDim: number): SourceRow {
  if (!Number.isInteger(headDim) || headDim <= 0 || headDim % 2 !== 0) {
    throw new RangeError(`head size ${headDim} is not a positive even number`);
  }
  const half = headDim / 2;
  return (row) => {
    const channel = row % headDim;
    const a = channel < half ? 0 : 1;
    return row - channel + 2 * (channel - a * half) + a;
  };
}

/** A copy of `values` [rows, cols] whose row r is row `sourceRow(r)`. */
export function permuteRows(values: Float32Array, rows: number, cols: number, sourceRow: SourceRow): Float32Array {
  if (values.length !== rows * cols) throw new RangeError(`${values.length} values are not ${rows} x ${cols}`);
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const source = checkedSourceRow(sourceRow, row, rows);
    out.set(values.subarray(source * cols, (source + 1) * cols), row * cols);
  }
  return out;
}

/** Typed arrays read `undefined` past their end without an error, so a wrong permutation must be caught here. */
export function checkedSourceRow(sourceRow: SourceRow, row: number, rows: number): number {
  const source = sourceRow(row);
  if (!Number.isInteger(source) || source < 0 || source >= rows) {
    throw new RangeError(`row ${row} of ${rows} would come from row ${source}`);
  }
  return source;
}
