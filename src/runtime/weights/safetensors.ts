import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { tensorReader, type LocatedTensor } from './locatedTensor.ts';
import { TensorFile } from './tensorFile.ts';
import { tensorLayouts } from './tensorLayout.ts';
import { elementCount, type TensorType, type WeightSource } from './weightSource.ts';

const SINGLE_FILE = 'model.safetensors';
const INDEX_FILE = 'model.safetensors.index.json';

/** The limit of the reference implementation (`MAX_HEADER_SIZE`). */
const MAX_HEADER_BYTES = 100_000_000;

/** An index has one line per tensor; that of a model with 90,000 tensors is below 10 MB. */
const MAX_INDEX_BYTES = 100_000_000;

/** The largest public models have fewer than 200 shards; every shard holds a file descriptor (often limited to 1,024). */
const MAX_SHARDS = 500;

/** `dtype` of a safetensors header -> our type. 8-bit floats are absent: they need scales that are stored elsewhere. */
const dtypes: ReadonlyMap<string, TensorType> = new Map(
  (['F32', 'F16', 'BF16', 'F64', 'BOOL', 'I8', 'U8', 'I16', 'U16', 'I32', 'U32', 'I64', 'U64'] as const).map((type) => [
    type,
    type,
  ]),
);

/**
 * Opens `model.safetensors`, or all shards of `model.safetensors.index.json`, and checks every tensor against its file's
 * size. Tensor data is not read.
 * @param fileOrFolder a .safetensors file, an index file, or a Hugging Face model folder.
 * @throws HoldfastError `model-format` for damaged files, `unsupported-model` for tensor types that cannot be read,
 *   `model-not-found` or `file-unreadable` when a file cannot be opened.
 */
export function openSafetensors(fileOrFolder: string): WeightSource {
  const target = weightsFile(fileOrFolder);
  const files: TensorFile[] = [];
  const open = (file: string): TensorFile => {
    const opened = new TensorFile(file);
    files.push(opened);
    return opened;
  };
  const close = (): void => files.forEach((file) => file.close());
  let located: ReadonlyMap<string, LocatedTensor>;
  try {
    located = target.endsWith('.json') ? readShards(target, open) : readHeader(open(target));
  } catch (error) {
    close();
    throw error;
  }
  return { format: 'safetensors', path: fileOrFolder, ...tensorReader(fileOrFolder, located), close };
}

function weightsFile(fileOrFolder: string): string {
  if (statSync(fileOrFolder, { throwIfNoEntry: false })?.isDirectory() !== true) return fileOrFolder;
  // A folder may have both; the single file wins, as in transformers.
  for (const name of [SINGLE_FILE, INDEX_FILE]) {
    const file = path.join(fileOrFolder, name);
    if (existsSync(file)) return file;
  }
  throw new HoldfastError(
    'model-not-found',
    `The folder ${fileOrFolder} has neither ${SINGLE_FILE} nor ${INDEX_FILE}.`,
    'Give a Hugging Face model folder with safetensors weights, or a .gguf file.',
  );
}

function readShards(indexPath: string, open: (file: string) => TensorFile): Map<string, LocatedTensor> {
  const weightMap = readIndex(indexPath);
  const shardNames = [...new Set(weightMap.values())];
  if (shardNames.length > MAX_SHARDS)
    throw badIndex(indexPath, `it names ${shardNames.length} shards, more than ${MAX_SHARDS}`);
  const shards = new Map<string, Map<string, LocatedTensor>>();
  for (const name of shardNames) {
    // An index comes with the model, so it must not reach outside the model's folder.
    if (name === '' || name !== path.basename(name) || name.includes('\\') || name === '..') {
      throw badIndex(indexPath, `the shard "${name}" is not the name of a file in the same folder`);
    }
    shards.set(name, readHeader(open(path.join(path.dirname(indexPath), name))));
  }
  const located = new Map<string, LocatedTensor>();
  for (const [name, shard] of weightMap) {
    const tensor = shards.get(shard)?.get(name);
    if (tensor === undefined)
      throw badIndex(indexPath, `it places tensor "${name}" in ${shard}, which does not have it`);
    located.set(name, tensor);
  }
  return located;
}

/** Tensor name -> shard file name. */
function readIndex(indexPath: string): Map<string, string> {
  const index = parseJson(readIndexText(indexPath), () => badIndex(indexPath, 'it is not valid JSON'));
  const weightMap = isRecord(index) ? index.weight_map : undefined;
  if (!isRecord(weightMap)) throw badIndex(indexPath, 'it has no "weight_map" object');
  return new Map(
    Object.entries(weightMap).map(([name, shard]) => {
      if (typeof shard !== 'string') throw badIndex(indexPath, `the shard of tensor "${name}" is not a file name`);
      return [name, shard];
    }),
  );
}

function readIndexText(indexPath: string): string {
  const file = new TensorFile(indexPath);
  try {
    if (file.size > MAX_INDEX_BYTES) {
      throw badIndex(indexPath, `it has ${file.size} bytes, more than ${MAX_INDEX_BYTES}`);
    }
    const text = Buffer.alloc(file.size);
    file.readInto(text, 0, 'the index');
    return text.toString('utf8');
  } finally {
    file.close();
  }
}

/** Header: its length as uint64, then JSON `{name: {dtype, shape, data_offsets}}`; the offsets count from its end. */
function readHeader(file: TensorFile): Map<string, LocatedTensor> {
  const prefix = Buffer.alloc(8);
  file.readInto(prefix, 0, 'the length of the header');
  const length = Number(prefix.readBigUInt64LE());
  if (length > MAX_HEADER_BYTES) {
    throw file.damaged(`its header would take ${length} bytes, more than ${MAX_HEADER_BYTES}: not a safetensors file`);
  }
  if (8 + length > file.size) {
    throw file.damaged(`its header would take ${length} bytes, but the file has only ${file.size}`);
  }
  const text = Buffer.alloc(length);
  file.readInto(text, 8, 'the header');
  const header = parseJson(text.toString('utf8'), () => file.damaged('its header is not valid JSON'));
  if (!isRecord(header)) throw file.damaged('its header is not a JSON object');

  const located = new Map<string, LocatedTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    located.set(name, checkTensor(file, name, entry, 8 + length));
  }
  return located;
}

function checkTensor(file: TensorFile, name: string, entry: unknown, dataStart: number): LocatedTensor {
  if (!isRecord(entry)) throw file.damaged(`the header entry of tensor "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string') throw file.damaged(`tensor "${name}" has no dtype`);
  if (!isSizes(shape)) throw file.damaged(`tensor "${name}" has no valid shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw file.damaged(`tensor "${name}" has no valid data_offsets`);
  const type = dtypes.get(dtype);
  if (type === undefined) {
    throw new HoldfastError(
      'unsupported-model',
      `${file.path}: tensor "${name}" is stored as ${dtype}, which cannot be read.`,
      'Use a version of the model with weights in F32, F16 or BF16, or a GGUF file.',
    );
  }
  const described = `tensor "${name}" (${type} [${shape.join(', ')}])`;
  const byteLength = elementCount(shape) * tensorLayouts[type].blockBytes;
  const [begin, end] = offsets as [number, number];
  if (end - begin !== byteLength) {
    throw file.damaged(`${described} needs ${byteLength} bytes, but its data_offsets are ${begin} to ${end}`);
  }
  if (dataStart + end > file.size) {
    throw file.damaged(`${described} ends at byte ${dataStart + end}, past the end of the file (${file.size} bytes)`);
  }
  return { info: { name, type, shape, byteLength }, file, position: dataStart + begin };
}

function parseJson(text: string, failure: () => HoldfastError): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw failure();
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function badIndex(indexPath: string, problem: string): HoldfastError {
  return new HoldfastError(
    'model-format',
    `${indexPath} is not a usable index: ${problem}.`,
    'Get the index and all shards of the model again.',
  );
}
