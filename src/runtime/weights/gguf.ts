import { HoldfastError } from '../../errors.ts';
import { floatTypes } from './dequantise.ts';
import { metadataNumber, readMetadataValue, type GgufMetadata, type GgufValue } from './ggufMetadata.ts';
import { ggmlTensorTypes, unsupportedGgmlTypes } from './ggufTypes.ts';
import { HeaderCursor } from './headerCursor.ts';
import { joinTensors, openOtherParts, splitPosition, type GgufPart } from './ggufSplit.ts';
import { tensorReader, type LocatedTensor } from './locatedTensor.ts';
import { TensorFile } from './tensorFile.ts';
import { tensorLayouts } from './tensorLayout.ts';
import { elementCount, type TensorInfo, type TensorType, type WeightSource } from './weightSource.ts';

/** An open GGUF file: its metadata and its tensors. */
export interface GgufFile extends WeightSource, GgufMetadata {
  readonly format: 'gguf';
  readonly path: string;
  readonly version: 2 | 3;
}

const MAGIC = 0x46554747; // "GGUF" read as little-endian uint32
const DEFAULT_ALIGNMENT = 32;

/** Metadata and tensor table of the largest vocabularies (262,144 tokens) take about 20 MB; tensor data is not counted. */
export const MAX_HEADER_BYTES = 256 * 2 ** 20;

/** Real files have about 50 keys. */
const MAX_METADATA_KEYS = 10_000;

/** A 61-layer mixture of experts has about 1,100 tensors, or 47,000 if every expert were a tensor of its own. */
const MAX_TENSORS = 200_000;

/** GGML_MAX_DIMS */
const MAX_DIMENSIONS = 4;

/** Least bytes of a metadata entry (empty key, type, one byte) and of a tensor entry (empty name, no dimensions). */
const MIN_METADATA_BYTES = 8 + 4 + 1;
const MIN_TENSOR_BYTES = 8 + 4 + 4 + 8;

/**
 * Opens a GGUF file (version 2 or 3, little-endian) and checks its whole tensor table against the file's size, so that
 * reading a tensor later cannot fail on a file that stays as it is. Tensor data is not read. Of a split model any part
 * may be named: all parts are opened, and the metadata is that of the first.
 * @throws HoldfastError `model-format` for damaged files, `unsupported-model` for intact ones of an unsupported kind,
 *   `model-not-found` or `file-unreadable` when a file cannot be opened.
 */
export function openGguf(path: string): GgufFile {
  const files: TensorFile[] = [];
  const open = (part: string): GgufPart => {
    const file = new TensorFile(part);
    files.push(file);
    return readHeader(file);
  };
  const close = (): void => files.forEach((file) => file.close());
  try {
    const named = open(path);
    const parts = splitPosition(named) === null ? [named] : openOtherParts(named, open);
    const { version, metadata } = parts[0]!;
    return { format: 'gguf', path, version, metadata, ...tensorReader(path, joinTensors(parts)), close };
  } catch (error) {
    close();
    throw error;
  }
}

function readHeader(file: TensorFile): GgufPart {
  const cursor = new HeaderCursor(file, MAX_HEADER_BYTES);
  const { version, tensorCount, keyCount } = readGgufCounts(cursor);
  const metadata = readMetadata(cursor, keyCount);
  const entries = Array.from({ length: tensorCount }, (_, index) => readTensorEntry(cursor, index));
  const alignment = readAlignment(file, metadata);
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = new Map<string, LocatedTensor>();
  for (const entry of entries) {
    if (tensors.has(entry.name)) throw file.damaged(`tensor "${entry.name}" is listed twice`);
    const info = checkTensor(file, entry, dataStart, alignment);
    tensors.set(info.name, { info, file, position: dataStart + entry.offset });
  }
  return { path: file.path, version, metadata, tensors };
}

/** The fixed part at the start of a GGUF file. */
export function readGgufCounts(cursor: HeaderCursor): { version: 2 | 3; tensorCount: number; keyCount: number } {
  return {
    version: readVersion(cursor),
    tensorCount: cursor.count(MIN_TENSOR_BYTES, MAX_TENSORS, 'tensors'),
    keyCount: cursor.count(MIN_METADATA_BYTES, MAX_METADATA_KEYS, 'metadata entries'),
  };
}

function readVersion(cursor: HeaderCursor): 2 | 3 {
  if (cursor.uint32() !== MAGIC) {
    throw new HoldfastError(
      'model-format',
      `${cursor.file.path} is not a GGUF file: its first four bytes are not "GGUF".`,
      'Give the path of a .gguf file, or of a Hugging Face folder with model.safetensors.',
    );
  }
  const version = cursor.uint32();
  if (version === 2 || version === 3) return version;
  const bigEndian = version !== 0 && (version & 0xffff) === 0;
  throw new HoldfastError(
    'model-format',
    bigEndian
      ? `${cursor.file.path} is a big-endian GGUF file (version field ${version}), which cannot be read.`
      : `${cursor.file.path} has GGUF version ${version}; versions 2 and 3 can be read.`,
    'Use a GGUF file made by a current converter for little-endian machines.',
  );
}

function readMetadata(cursor: HeaderCursor, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    cursor.context = `the key of metadata entry ${i + 1} of ${count}`;
    const key = cursor.string();
    cursor.context = `metadata "${key}"`;
    if (metadata.has(key)) throw cursor.file.damaged(`metadata "${key}" is listed twice`);
    metadata.set(key, readMetadataValue(cursor));
  }
  return metadata;
}

/** A line of the tensor table, as it stands in the file. */
export interface GgufTensorEntry {
  readonly name: string;
  readonly ne: readonly number[]; // as in the file: the contiguous dimension first
  readonly typeNumber: number;
  readonly offset: number; // from the start of the data section
}

export function readTensorEntry(cursor: HeaderCursor, index: number): GgufTensorEntry {
  cursor.context = `the name of tensor ${index + 1} in the tensor table`;
  const name = cursor.string();
  cursor.context = `the table entry of tensor "${name}"`;
  const dimensions = cursor.uint32();
  if (dimensions > MAX_DIMENSIONS) {
    throw cursor.file.damaged(`tensor "${name}" has ${dimensions} dimensions, more than ${MAX_DIMENSIONS}`);
  }
  const ne = Array.from({ length: dimensions }, () => cursor.size());
  return { name, ne, typeNumber: cursor.uint32(), offset: cursor.size() };
}

function readAlignment(file: TensorFile, metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadataNumber({ path: file.path, metadata }, 'general.alignment') ?? DEFAULT_ALIGNMENT;
  const isPowerOfTwo = Number.isInteger(alignment) && alignment > 0 && Number.isInteger(Math.log2(alignment));
  if (!isPowerOfTwo) throw file.damaged(`general.alignment is ${alignment}, not a power of two`);
  return alignment;
}

function checkTensor(file: TensorFile, entry: GgufTensorEntry, dataStart: number, alignment: number): TensorInfo {
  const { name, ne, typeNumber, offset } = entry;
  const type = tensorType(file, name, typeNumber);
  const { blockSize, blockBytes } = tensorLayouts[type];
  const shape = [...ne].reverse();
  const described = `tensor "${name}" (${type} [${shape.join(', ')}])`;
  if ((ne[0] ?? 1) % blockSize !== 0) {
    throw file.damaged(`${described} has rows of ${ne[0] ?? 1} elements, which are not whole blocks of ${blockSize}`);
  }
  const byteLength = (elementCount(shape) / blockSize) * blockBytes;
  if (!(byteLength <= file.size)) {
    throw file.damaged(`${described} would take ${byteLength} bytes, but the whole file has ${file.size}`);
  }
  const start = dataStart + offset;
  if (start > file.size) {
    throw file.damaged(`${described} starts at byte ${start}, past the end of the file (${file.size} bytes)`);
  }
  if (start + byteLength > file.size) {
    throw file.damaged(
      `the file is shorter than its tensor table says: ${described} ends at byte ${start + byteLength}, ` +
        `the file has ${file.size} bytes`,
    );
  }
  if (offset % alignment !== 0) throw file.damaged(`${described} is not aligned to ${alignment} bytes`);
  return { name, type, shape, byteLength };
}

function tensorType(file: TensorFile, name: string, typeNumber: number): TensorType {
  const type = ggmlTensorTypes.get(typeNumber);
  if (type !== undefined) return type;
  const known = unsupportedGgmlTypes.get(typeNumber);
  if (known === undefined) throw file.damaged(`tensor "${name}" has the unknown ggml type ${typeNumber}`);
  throw new HoldfastError(
    'unsupported-model',
    `${file.path}: tensor "${name}" is stored as ${known} (ggml type ${typeNumber}), which cannot be read.`,
    `Use a file of the same model quantised as one of ${floatTypes.join(', ')}.`,
  );
}
