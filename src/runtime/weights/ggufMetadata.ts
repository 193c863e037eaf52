import { HoldfastError } from '../../errors.ts';
import type { HeaderCursor } from './headerCursor.ts';

type NumericArray =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** A metadata value. 64-bit integers are bigint only where a number would not be exact. */
export type GgufValue =
  | string
  | number
  | bigint
  | boolean
  | NumericArray
  | readonly string[]
  | readonly boolean[]
  | readonly (number | bigint)[]
  | readonly GgufValue[];

/** What the accessors need of a GGUF file. */
export interface GgufMetadata {
  readonly path: string;
  readonly metadata: ReadonlyMap<string, GgufValue>;
}

/** The largest vocabularies have 262,144 tokens and about twice as many merges; this leaves a factor of ten. */
const MAX_ARRAY_LENGTH = 5_000_000;

/** No known file nests arrays at all; the recursion must end before the stack does. */
const MAX_ARRAY_DEPTH = 4;

interface ScalarType {
  readonly bytes: number; // the least that one value takes in the file
  read(cursor: HeaderCursor): string | number | bigint | boolean;
  /** Array for many values; a plain array where absent. */
  readonly array?: new (length: number) => NumericArray;
}

/** Value types of the GGUF specification by number; 9 is the array. */
const scalarTypes: readonly (ScalarType | undefined)[] = [
  { bytes: 1, read: (cursor) => cursor.uint8(), array: Uint8Array },
  { bytes: 1, read: (cursor) => cursor.int8(), array: Int8Array },
  { bytes: 2, read: (cursor) => cursor.uint16(), array: Uint16Array },
  { bytes: 2, read: (cursor) => cursor.int16(), array: Int16Array },
  { bytes: 4, read: (cursor) => cursor.uint32(), array: Uint32Array },
  { bytes: 4, read: (cursor) => cursor.int32(), array: Int32Array },
  { bytes: 4, read: (cursor) => cursor.float32(), array: Float32Array },
  { bytes: 1, read: (cursor) => cursor.uint8() !== 0 },
  { bytes: 8, read: (cursor) => cursor.string() },
  undefined,
  { bytes: 8, read: (cursor) => exactNumber(cursor.bigUint64()) },
  { bytes: 8, read: (cursor) => exactNumber(cursor.bigInt64()) },
  { bytes: 8, read: (cursor) => cursor.float64(), array: Float64Array },
];
const STRING_TYPE = 8;
const ARRAY_TYPE = 9;
/** Type and length. */
const MIN_ARRAY_BYTES = 12;

/** Reads one typed value. `cursor.context` names it in failures. */
export function readMetadataValue(cursor: HeaderCursor): GgufValue {
  return readValue(cursor, cursor.uint32(), 0);
}

/** Passes over one typed value, whatever its size: a vocabulary costs a length per text and nothing is kept of it. */
export function skipMetadataValue(cursor: HeaderCursor): void {
  skipValue(cursor, cursor.uint32(), 0);
}

function skipValue(cursor: HeaderCursor, type: number, depth: number): void {
  if (type !== ARRAY_TYPE) {
    skipScalars(cursor, scalarType(cursor, type), 1);
    return;
  }
  if (depth === MAX_ARRAY_DEPTH) throw nestedTooDeep(cursor);
  const elementType = cursor.uint32();
  if (elementType === ARRAY_TYPE) {
    const count = cursor.count(MIN_ARRAY_BYTES, MAX_ARRAY_LENGTH, 'arrays');
    for (let i = 0; i < count; i++) skipValue(cursor, ARRAY_TYPE, depth + 1);
    return;
  }
  const scalar = scalarType(cursor, elementType);
  skipScalars(cursor, scalar, cursor.count(scalar.bytes, MAX_ARRAY_LENGTH, 'values'));
}

function skipScalars(cursor: HeaderCursor, scalar: ScalarType, count: number): void {
  if (scalar !== scalarTypes[STRING_TYPE]) {
    cursor.skip(count * scalar.bytes);
    return;
  }
  for (let i = 0; i < count; i++) cursor.skip(cursor.size());
}

function readValue(cursor: HeaderCursor, type: number, depth: number): GgufValue {
  if (type === ARRAY_TYPE) return readArray(cursor, depth + 1);
  return scalarType(cursor, type).read(cursor);
}

function readArray(cursor: HeaderCursor, depth: number): GgufValue {
  if (depth > MAX_ARRAY_DEPTH) throw nestedTooDeep(cursor);
  const type = cursor.uint32();
  if (type === ARRAY_TYPE) {
    const count = cursor.count(MIN_ARRAY_BYTES, MAX_ARRAY_LENGTH, 'arrays');
    return Array.from({ length: count }, () => readArray(cursor, depth + 1));
  }
  const scalar = scalarType(cursor, type);
  const count = cursor.count(scalar.bytes, MAX_ARRAY_LENGTH, 'values');
  if (scalar.array !== undefined) {
    const values = new scalar.array(count);
    for (let i = 0; i < count; i++) values[i] = scalar.read(cursor) as number;
    return values;
  }
  const values = new Array<string | number | bigint | boolean>(count);
  for (let i = 0; i < count; i++) values[i] = scalar.read(cursor);
  return values;
}

const nestedTooDeep = (cursor: HeaderCursor): HoldfastError =>
  cursor.file.damaged(`${cursor.context} nests arrays more than ${MAX_ARRAY_DEPTH} deep`);

function scalarType(cursor: HeaderCursor, type: number): ScalarType {
  const scalar = scalarTypes[type];
  if (scalar === undefined) throw cursor.file.damaged(`${cursor.context} has the unknown value type ${type}`);
  return scalar;
}

function exactNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The text at a key; undefined when absent. @throws HoldfastError `model-format` when it is not text. */
export function metadataString(gguf: GgufMetadata, key: string): string | undefined {
  const value = gguf.metadata.get(key);
  if (value === undefined || typeof value === 'string') return value;
  throw wrongKind(gguf, key, 'text');
}

/** The number at a key; undefined when absent. @throws HoldfastError `model-format` when it is not an exact number. */
export function metadataNumber(gguf: GgufMetadata, key: string): number | undefined {
  const value = gguf.metadata.get(key);
  if (value === undefined || typeof value === 'number') return value;
  throw wrongKind(gguf, key, 'a number');
}

/** The truth value at a key; undefined when absent. @throws HoldfastError `model-format` when it is not one. */
export function metadataBoolean(gguf: GgufMetadata, key: string): boolean | undefined {
  const value = gguf.metadata.get(key);
  if (value === undefined || typeof value === 'boolean') return value;
  throw wrongKind(gguf, key, 'true or false');
}

/** The list of texts at a key; undefined when absent. @throws HoldfastError `model-format` when it is not one. */
export function metadataStrings(gguf: GgufMetadata, key: string): readonly string[] | undefined {
  const value = gguf.metadata.get(key);
  // Arrays have one element type, so the first element speaks for all.
  if (value === undefined) return undefined;
  if (Array.isArray(value) && (value.length === 0 || typeof value[0] === 'string')) return value as readonly string[];
  throw wrongKind(gguf, key, 'a list of texts');
}

/** The list of numbers at a key; undefined when absent. @throws HoldfastError `model-format` when it is not one. */
export function metadataNumbers(gguf: GgufMetadata, key: string): ArrayLike<number> | undefined {
  const value = gguf.metadata.get(key);
  if (value === undefined) return undefined;
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value) && value.every((element) => typeof element === 'number')) return value;
  throw wrongKind(gguf, key, 'a list of numbers');
}

/**
 * The value that `read` (an accessor above) finds at a key that a model cannot do without.
 * @throws HoldfastError `model-format` when it is absent.
 */
export function requiredMetadata<T>(
  read: (gguf: GgufMetadata, key: string) => T | undefined,
  gguf: GgufMetadata,
  key: string,
): T {
  const value = read(gguf, key);
  if (value !== undefined) return value;
  throw new HoldfastError(
    'model-format',
    `${gguf.path} has no metadata "${key}".`,
    'Use a GGUF file that was converted from a complete model.',
  );
}

function wrongKind(gguf: GgufMetadata, key: string, expected: string): HoldfastError {
  return new HoldfastError(
    'model-format',
    `${gguf.path}: metadata "${key}" is not ${expected}.`,
    'Use a GGUF file made by a current converter.',
  );
}
