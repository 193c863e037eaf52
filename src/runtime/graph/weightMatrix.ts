import { HoldfastError } from '../../errors.ts';
import { blockForms, type BlockShape } from '../weights/blockForm.ts';
import { blockSlices, floatSlices } from '../weights/matrixSlices.ts';
import type { SourceRow } from '../weights/ropePermutation.ts';
import { roundedForm, roundToBlocks } from '../weights/roundToBlocks.ts';
import {
  elementCount,
  readFloat32,
  type TensorInfo,
  type TensorType,
  type WeightSource,
} from '../weights/weightSource.ts';
import type { EmbeddingWeight } from './embedding.ts';
import { linearBytes, type LinearMatrix } from './linear.ts';
import type { Precision } from './precision.ts';

export interface MatrixOptions {
  readonly precision: Precision;
  /** Row of the result -> row of the stored tensor; in order when absent. */
  readonly sourceRow?: SourceRow | undefined;
  /** Rows of the stored tensor, of which a fused one has more than the result; `rows` when absent. */
  readonly storedRows?: number;
}

/**
 * A linear layer's matrix `[rows, cols]` in the form in which it is executed. Its data is read, in slices, only when the
 * matrix is written into a graph; until then `source` must stay open.
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
  const wanted = { rows, sourceRow };
  const form = blockForms[info.type];
  switch (execution(info.type, cols, precision)) {
    case 'blocks': {
      const { blockSize, low, high, hasMins } = form!;
      const slices = () => blockSlices(source, info, wanted, form!);
      return { kind: 'blocks', rows, cols, blockSize, low, high, hasMins, slices };
    }
    case 'rounded':
      return {
        kind: 'blocks',
        rows,
        cols,
        ...roundedForm,
        slices: () => roundToBlocks(floatSlices(source, info, wanted)),
      };
    case 'float':
      return { kind: 'float', rows, cols, slices: () => floatSlices(source, info, wanted) };
  }
}

/** All rows of a matrix that was read as float32, [rows, cols]. */
export function wholeMatrix(matrix: LinearMatrix): Float32Array {
  if (matrix.kind !== 'float') throw new TypeError('Only a matrix that was read as float32 can be taken whole.');
  const whole = new Float32Array(matrix.rows * matrix.cols);
  let written = 0;
  for (const slice of matrix.slices()) {
    whole.set(slice, written);
    written += slice.length;
  }
  return whole;
}

/** Output projections up to this size run as float32: for small models that is faster, and the memory is there. */
export const floatOutputBytes = 256 * 2 ** 20;

/** The output projection `[vocabSize, hiddenSize]`; `name` is the embedding's where both are one. @throws as `readMatrix`. */
export function readOutput(
  source: WeightSource,
  name: string,
  vocabSize: number,
  hiddenSize: number,
  precision: Precision,
): LinearMatrix {
  return readMatrix(source, name, vocabSize, hiddenSize, {
    precision: outputPrecision(vocabSize, hiddenSize, precision),
  });
}

/** The embedding table `[vocabSize, hiddenSize]`. @throws as `readMatrix`. */
export function readEmbedding(
  source: WeightSource,
  name: string,
  vocabSize: number,
  hiddenSize: number,
  precision: Precision,
): EmbeddingWeight {
  return readMatrix(source, name, vocabSize, hiddenSize, { precision });
}

/** A norm or bias as float32, whatever its type. @throws as `readMatrix`. */
export function readVector(source: WeightSource, name: string, length: number): Float32Array {
  checkedTensor(source, name, [length]);
  return readFloat32(source, name);
}

/** How the matrices of a model are executed, for reports: types by their share of the weights, then the output projection. */
export function describeExecution(source: WeightSource, precision: Precision): string {
  const weights = new Map<string, number>();
  const tensors = [...source.tensors.values()];
  for (const info of tensors) {
    const [rows, cols] = info.shape;
    if (info.shape.length !== 2 || isOutput(info) || isEmbedding(info)) continue;
    const words = describe(info.type, cols!, precision);
    weights.set(words, (weights.get(words) ?? 0) + rows! * cols!);
  }
  const parts = [...weights].sort(([, a], [, b]) => b - a).map(([words]) => words);
  const output = outputTensor(tensors);
  if (output !== undefined) {
    const [rows, cols] = output.shape as [number, number];
    const words = describe(output.type, cols, outputPrecision(rows, cols, precision));
    if (!parts.includes(words)) parts.push(`output ${words}`);
  }
  return parts.join('; ');
}

/** Bytes of the weights of a model as they are executed; what takes memory and disk beside the model's own file. */
export function executedBytes(source: WeightSource, precision: Precision): number {
  const tensors = [...source.tensors.values()];
  const bytesOf = (info: TensorInfo, asked: Precision): number => {
    const [rows, cols] = info.shape;
    if (info.shape.length !== 2) return elementCount(info.shape) * 4;
    return linearBytes({ rows: rows!, cols: cols! }, executedShape(info.type, cols!, asked));
  };
  const output = outputTensor(tensors);
  let bytes = 0;
  for (const info of tensors) {
    if (info !== output || isEmbedding(info)) bytes += bytesOf(info, precision);
  }
  const [rows, cols] = output?.shape ?? [];
  return bytes + (output === undefined ? 0 : bytesOf(output, outputPrecision(rows!, cols!, precision)));
}

const embeddingNames: readonly string[] = ['token_embd.weight', 'model.embed_tokens.weight'];
const outputNames: readonly string[] = ['output.weight', 'lm_head.weight'];

const isEmbedding = ({ name }: TensorInfo): boolean => embeddingNames.includes(name);
const isOutput = ({ name }: TensorInfo): boolean => outputNames.includes(name);

/** The tensor of the output projection: the embedding where both are one. */
function outputTensor(tensors: readonly TensorInfo[]): TensorInfo | undefined {
  const matrices = tensors.filter(({ shape }) => shape.length === 2);
  return matrices.find(isOutput) ?? matrices.find(isEmbedding);
}

/** What becomes of a matrix: exact blocks, float weights rounded to blocks, or float32. */
function execution(type: TensorType, cols: number, precision: Precision): 'blocks' | 'rounded' | 'float' {
  if (precision === 'float32') return 'float';
  if (blockForms[type] !== undefined) return 'blocks';
  return precision === 'int8' && cols % roundedForm.blockSize === 0 ? 'rounded' : 'float';
}

function executedShape(type: TensorType, cols: number, precision: Precision): BlockShape | null {
  const kind = execution(type, cols, precision);
  if (kind === 'float') return null;
  return kind === 'blocks' ? blockForms[type]! : roundedForm;
}

function outputPrecision(rows: number, cols: number, precision: Precision): Precision {
  return rows * cols * 4 <= floatOutputBytes ? 'float32' : precision;
}

function describe(type: TensorType, cols: number, precision: Precision): string {
  switch (execution(type, cols, precision)) {
    case 'blocks': {
      const { low, high } = blockForms[type]!;
      return `${type}, exact ${high - low < 16 ? 4 : 8}-bit`;
    }
    case 'rounded':
      return `${type}, rounded to 8-bit`;
    case 'float':
      return type === 'F32' ? 'F32' : `${type}, executed as float32`;
  }
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
