import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { metadataNumber, metadataString, type GgufMetadata } from './ggufMetadata.ts';
import type { LocatedTensor } from './locatedTensor.ts';

// Split models as `llama-gguf-split` and gguf-py write them: every part is a GGUF file with a tensor table of its own and
// three keys, `split.no` (from 0), `split.count` and `split.tensors.count` (of all parts together). The first part has the
// model's metadata. Parts find each other by name: `<model>-00001-of-00003.gguf`.

/** One opened GGUF file, whole model or part. */
export interface GgufPart extends GgufMetadata {
  readonly version: 2 | 3;
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
}

/** Which of how many parts a file is, both as in its metadata. */
export interface SplitPosition {
  readonly index: number; // from 0
  readonly count: number;
}

/** The largest public models have fewer than 50 parts; every part holds a file descriptor (often limited to 1,024). */
const MAX_PARTS = 500;

const partName = /^(?<model>.*)-(?<number>\d{5})-of-(?<count>\d{5})(?<extension>\.gguf)$/iu;

/** The place of a part; null for a model in one file. @throws HoldfastError `model-format` for counts that cannot be. */
export function splitPosition(gguf: GgufMetadata): SplitPosition | null {
  const count = metadataNumber(gguf, 'split.count') ?? 1;
  if (count === 1 || count === 0) return null; // as llama.cpp: 0 is written by tools that did not split
  const index = metadataNumber(gguf, 'split.no') ?? -1;
  const isPossible = Number.isInteger(count) && count > 0 && Number.isInteger(index) && index >= 0 && index < count;
  if (!isPossible) throw badSplit(gguf, `it says that it is part ${index + 1} of ${count}`);
  if (count > MAX_PARTS) throw badSplit(gguf, `it has ${count} parts, more than ${MAX_PARTS}`);
  return { index, count };
}

/**
 * Paths (or names) of all parts of the split model that `file` belongs to by its name, in order.
 * @returns null where the name is not that of a part.
 */
export function partPaths(file: string): string[] | null {
  const groups = partName.exec(file)?.groups;
  if (groups === undefined) return null;
  const count = Number(groups.count);
  if (count < 1 || count > MAX_PARTS) return null;
  return Array.from(
    { length: count },
    (_, index) => `${groups.model}-${number(index + 1)}-of-${groups.count}${groups.extension}`,
  );
}

/** All parts in order, given one of them. @throws HoldfastError naming the part that is missing or does not belong. */
export function openOtherParts(named: GgufPart, open: (path: string) => GgufPart): GgufPart[] {
  const { index, count } = splitPosition(named)!;
  const paths = partPaths(named.path);
  if (paths?.length !== count) {
    throw badSplit(
      named,
      `it is part ${index + 1} of ${count}, but its name does not end in -${number(index + 1)}-of-${number(count)}.gguf, ` +
        'so the other parts cannot be found',
      'Give all parts the names under which they were published.',
    );
  }
  const parts = paths.map((file, i) => (i === index ? named : openPart(named, file, open)));
  for (const [i, part] of parts.entries()) requireSameModel(parts[0]!, part, i);
  const expected = metadataNumber(parts[0]!, 'split.tensors.count');
  const found = parts.reduce((sum, { tensors }) => sum + tensors.size, 0);
  if (expected !== undefined && expected !== found) {
    throw badSplit(parts[0]!, `the model has ${expected} tensors, but its ${count} parts have ${found} together`);
  }
  return parts;
}

/** The tensors of all parts. @throws HoldfastError where two parts have the same tensor. */
export function joinTensors(parts: readonly GgufPart[]): ReadonlyMap<string, LocatedTensor> {
  const joined = new Map<string, LocatedTensor>();
  for (const part of parts) {
    for (const [name, tensor] of part.tensors) {
      const other = joined.get(name);
      if (other !== undefined) throw badSplit(part, `tensor "${name}" is also in ${path.basename(other.file.path)}`);
      joined.set(name, tensor);
    }
  }
  return joined;
}

function openPart(named: GgufPart, file: string, open: (path: string) => GgufPart): GgufPart {
  try {
    return open(file);
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.code !== 'model-not-found') throw cause;
    throw new HoldfastError(
      'model-not-found',
      `${named.path} is part of a split model, and ${path.basename(file)} is not beside it.`,
      'Put all parts of the model into one folder.',
      { cause },
    );
  }
}

function requireSameModel(first: GgufPart, part: GgufPart, index: number): void {
  const position = splitPosition(part);
  const expected = splitPosition(first);
  if (position?.index !== index || position.count !== expected?.count) {
    const found = position === null ? 'a whole model' : `part ${position.index + 1} of ${position.count}`;
    throw badSplit(part, `its metadata says that it is ${found}`);
  }
  for (const read of [
    (gguf: GgufPart) => metadataNumber(gguf, 'split.tensors.count'),
    (gguf: GgufPart) => metadataString(gguf, 'general.architecture'),
    (gguf: GgufPart) => metadataString(gguf, 'general.name'),
  ]) {
    // Later parts may leave out what the first one says, but not contradict it.
    const [own, wanted] = [read(part), read(first)];
    if (own !== undefined && own !== wanted) {
      throw badSplit(
        part,
        `it belongs to another model than ${path.basename(first.path)} (${own} instead of ${wanted})`,
      );
    }
  }
}

const number = (part: number): string => String(part).padStart(5, '0');

function badSplit(
  part: GgufMetadata,
  problem: string,
  hint = 'Get all parts of the model again, from one source.',
): HoldfastError {
  return new HoldfastError('model-format', `${part.path}: ${problem}.`, hint);
}
