import { blockValues, type BlockForm, type BlockValues } from './blockForm.ts';
import { dequantise } from './dequantise.ts';
import { checkedSourceRow, type SourceRow } from './ropePermutation.ts';
import { tensorLayouts } from './tensorLayout.ts';
import { rowBytes, type TensorInfo, type WeightSource } from './weightSource.ts';

/** Weights converted at a time: the buffers of a slice stay below 10 MB, whatever the tensor's size. */
const SLICE_WEIGHTS = 2 ** 20;

/** Which rows of a stored tensor make a matrix. */
export interface MatrixRows {
  /** Rows of the result. */
  readonly rows: number;
  /** Row of the result -> stored row. */
  readonly sourceRow?: SourceRow | undefined;
}

/** Float32 rows of a stored matrix, in order, a few at a time. A slice is valid until the next one is asked for. */
export function* floatSlices(source: WeightSource, info: TensorInfo, wanted: MatrixRows): Generator<Float32Array> {
  const cols = info.shape.at(-1)!;
  for (const { bytes, rows } of storedSlices(source, info, wanted)) yield dequantise(info.type, bytes, rows * cols);
}

/** The same rows of a quantised matrix in block form. */
export function* blockSlices(
  source: WeightSource,
  info: TensorInfo,
  wanted: MatrixRows,
  form: BlockForm,
): Generator<BlockValues> {
  const cols = info.shape.at(-1)!;
  let values: BlockValues | null = null;
  for (const { bytes, rows } of storedSlices(source, info, wanted)) {
    const weights = rows * cols;
    if (values?.integers.length !== weights) values = blockValues(form, weights);
    form.decode(bytes, weights / tensorLayouts[info.type].blockSize, values);
    yield values;
  }
}

/** Stored bytes of the wanted rows, gathered into one buffer that every slice reuses. */
function* storedSlices(
  source: WeightSource,
  info: TensorInfo,
  { rows, sourceRow = (row) => row }: MatrixRows,
): Generator<{ bytes: Uint8Array; rows: number }> {
  const storedRows = info.shape[0]!;
  const perRow = rowBytes(info);
  const perSlice = Math.max(1, Math.floor(SLICE_WEIGHTS / info.shape.at(-1)!));
  const buffer = new Uint8Array(Math.min(perSlice, rows) * perRow);
  for (let first = 0; first < rows; first += perSlice) {
    const count = Math.min(perSlice, rows - first);
    for (let row = 0; row < count;) {
      // Neighbours that stay neighbours are read at once.
      const from = checkedSourceRow(sourceRow, first + row, storedRows);
      let run = 1;
      while (row + run < count && checkedSourceRow(sourceRow, first + row + run, storedRows) === from + run) run++;
      source.readRowsInto(buffer.subarray(row * perRow, (row + run) * perRow), info.name, from);
      row += run;
    }
    yield { bytes: buffer.subarray(0, count * perRow), rows: count };
  }
}
