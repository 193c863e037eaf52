import { HoldfastError } from '../../errors.ts';
import { unpackQuant4, unpackQuant8 } from '../weights/quantBlocks.ts';
import { permuteRows, type SourceRow } from '../weights/ropePermutation.ts';
import { readFloat32, type TensorInfo, type WeightSource } from '../weights/weightSource.ts';
import type { EmbeddingWeight } from './embedding.ts';
import type { LinearMatrix } from './linear.ts';
import type { Precision } from './precision.ts';

export interface MatrixOptions {
  readonly precision: Precision;
  /** Row of the result -> row of the stored tensor; in order when absent. */
  readonly sourceRow?: SourceRow | undefined;
  /** Rows of the stored tensor, of which a fused one has more than the result; `rows` when absent. */
  readonly storedRows?: number;
}

/**
 * A linear layer's matrix `[rows, cols]` in the form in which it is executed.
 * @throws HoldfastError `model-format` when the tensor is missing or of another shape than `[storedRows ?? rows, cols]`.
 */
export function readMatrix(
  source: WeightSource,
  name: string,
  rows: number,
  cols: number,
  { precision, sourceRow, storedRows = rows }: MatrixOptions,
): LinearMatrix {
  const info = checkedTensor(source, name, [storedRows, cols]);
  if (precision !== 'float32' && storedRows === rows && (info.type === 'Q4_0' || info.type === 'Q4_1')) {
    const { quants, scales, mins } = unpackQuant4(info, source.readRaw(name), sourceRow);
    return { kind: 'blocks4', rows, cols, quants, scales, mins };
  }
  const values = readFloat32(source, name);
  if (storedRows !== rows) {
    const part = new Float32Array(rows * cols);
    for (let row = 0; row < rows; row++) {
      const from = sourceRow?.(row) ?? row;
      part.set(values.subarray(from * cols, (from + 1) * cols), row * cols);
    }
    return { kind: 'float', rows, cols, values: part };
  }
  return { kind: 'float', rows, cols, values: sourceRow ? permuteRows(values, rows, cols, sourceRow) : values };
}

/** The output projection `[vocabSize, hiddenSize]`; a tied embedding is named as such by the caller. @throws as `readMatrix`. */
export function readOutput(
  source: WeightSource,
  name: string,
  vocabSize: number,
  hiddenSize: number,
  _precision: Precision,
): LinearMatrix {
  // Float even where it is stored in blocks: MatMulNBits is slow at one row and 49,000 outputs.
  return readMatrix(source, name, vocabSize, hiddenSize, { precision: 'float32' });
}

/** The embedding table `[vocabSize, hiddenSize]`. @throws as `readMatrix`. */
export function readEmbedding(
  source: WeightSource,
  name: string,
  vocabSize: number,
  hiddenSize: number,
  precision: Precision,
): EmbeddingWeight {
  const info = checkedTensor(source, name, [vocabSize, hiddenSize]);
  if (info.type !== 'Q8_0' || precision === 'float32') return { kind: 'float', values: readFloat32(source, name) };
  const { quants, scales } = unpackQuant8(info, source.readRaw(name));
  return { kind: 'blocks8', quants, scales };
}

/** A norm or bias as float32, whatever its type. @throws as `readMatrix`. */
export function readVector(source: WeightSource, name: string, length: number): Float32Array {
  checkedTensor(source, name, [length]);
  return readFloat32(source, name);
}

function checkedTensor(source: WeightSource, name: string, shape: readonly number[]): TensorInfo {
  const info = source.tensors.get(name);
  if (info?.shape.join() === shape.join()) return info;
  const found = info === undefined ? 'is missing' : `has shape ${info.shape.join(' x ')}`;
  throw new HoldfastError(
    'model-format',
    `${source.path}: tensor "${name}" ${found}; the model's configuration asks for ${shape.join(' x ')}.`,
    'The file does not match its own metadata: download it again or convert it again.',
  );
}

const embeddingNames = ['token_embd.weight', 'model.embed_tokens.weight'];

/** How the weights are executed, for reports: the most frequent type of the layers' matrices. */
export function describeExecution(source: WeightSource, _precision: Precision = 'auto'): string {
  const matrix = [...source.tensors.values()].find(
    ({ name, shape }) => shape.length === 2 && !embeddingNames.includes(name),
  );
  const type = matrix?.type ?? 'unknown';
  return type === 'Q4_0' || type === 'Q4_1' ? `${type}, exact 4-bit` : `${type}, executed as float32`;
}
