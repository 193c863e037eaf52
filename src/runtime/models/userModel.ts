import { createHash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { HoldfastHome } from './home.ts';
import { fileSize, partsOf } from './modelFiles.ts';
import { restampedSha256, stampedSha256, type HashProgress } from './verify.ts';

export type ModelFormat = 'gguf' | 'huggingface';

/** A model on disk that was named by its path. */
export interface UserModel {
  /** Absolute. */
  readonly path: string;
  readonly format: ModelFormat;
  /** Size of every file that `modelSha256` reads. */
  readonly bytes: number;
}

const GGUF_MAGIC = 'GGUF';

/** The files of a Hugging Face folder that decide what a model answers; weights are matched by `isWeights`. */
const FOLDER_FILES = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'model.safetensors.index.json',
]);
const isWeights = (name: string): boolean => name.endsWith('.safetensors');

/**
 * Recognises a GGUF file (by its first bytes: Ollama's have no extension) or a folder with config.json and safetensors.
 * Throws `model-not-found` when nothing is there, `model-format` when it is something else.
 */
export async function inspectModelPath(file: string): Promise<UserModel> {
  const absolute = path.resolve(file);
  const stats = await stat(absolute).catch((cause: unknown) => {
    throw new HoldfastError('model-not-found', `There is no model at ${absolute}.`, 'Check the path.', { cause });
  });
  if (stats.isDirectory()) return inspectFolder(absolute);
  if ((await firstBytes(absolute, GGUF_MAGIC.length)) === GGUF_MAGIC) return inspectGguf(absolute);
  if (/\.safetensors$|(^|[\\/])config\.json$/u.test(absolute))
    throw new HoldfastError(
      'model-format',
      `${absolute} is one file of a model folder.`,
      `Name the folder instead: ${path.dirname(absolute)}`,
    );
  throw new HoldfastError(
    'model-format',
    `${absolute} is not a GGUF file.`,
    'Name a .gguf file (not a Git LFS pointer or a partial download) or a folder with config.json and .safetensors files.',
  );
}

/**
 * The identity of a model: of a GGUF its sha256; of several files the sha256 of their sorted lines
 * `<file name> <sha256>`, which are the parts of a split GGUF, or the files of a folder that decide what the model
 * answers. With `reread` nothing remembered is trusted.
 */
export async function modelSha256(
  model: UserModel,
  home: HoldfastHome,
  signal: AbortSignal,
  options: { readonly progress?: HashProgress | undefined; readonly reread?: boolean } = {},
): Promise<string> {
  const hash = options.reread === true ? restampedSha256 : stampedSha256;
  const files = await filesOfModel(model);
  const hashed: NamedHash[] = [];
  let before = 0;
  for (const file of files) {
    const sha256 = await hash(file, home, signal, (done) => options.progress?.(before + done, model.bytes));
    hashed.push({ name: path.basename(file), sha256 });
    before += (await stat(file)).size;
  }
  return combinedSha256(hashed);
}

interface NamedHash {
  readonly name: string;
  readonly sha256: string;
}

/** The identity of a model whose files have these names and hashes; see `modelSha256`. */
export function combinedSha256(files: readonly NamedHash[]): string {
  const [first, ...others] = files;
  if (first !== undefined && others.length === 0) return first.sha256;
  const lines = files.map(({ name, sha256 }) => `${name} ${sha256}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** The files whose content is the model, absolute and sorted. */
async function filesOfModel({ path: file, format }: UserModel): Promise<string[]> {
  if (format === 'gguf') return partsOf(file);
  return (await folderFiles(file)).map((name) => path.join(file, name));
}

async function inspectGguf(file: string): Promise<UserModel> {
  const parts = partsOf(file);
  if (parts[0] !== file)
    throw new HoldfastError(
      'model-format',
      `${file} is one part of a split model.`,
      `Name its first part instead: ${parts[0]!}`,
    );
  const sizes = await Promise.all(parts.map(fileSize));
  const missing = parts.find((_, part) => sizes[part] === undefined);
  if (missing !== undefined)
    throw new HoldfastError(
      'model-format',
      `${file} is one of ${parts.length} parts, and ${path.basename(missing)} is missing.`,
      'Put all parts into one folder.',
    );
  return { path: file, format: 'gguf', bytes: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0) };
}

async function inspectFolder(folder: string): Promise<UserModel> {
  const names = await readdir(folder);
  const ggufs = names.filter((name) => name.toLowerCase().endsWith('.gguf')).sort();
  if (!names.includes('config.json'))
    throw new HoldfastError(
      'model-format',
      `${folder} has no config.json.`,
      ggufs.length > 0
        ? `Name one of its files instead: ${ggufs.map((name) => path.join(folder, name)).join(', ')}`
        : 'Name a .gguf file, or the folder that holds config.json and .safetensors files.',
    );
  if (!names.some(isWeights))
    throw new HoldfastError(
      'model-format',
      `${folder} has a config.json but no .safetensors file.`,
      'Only safetensors weights are read: convert or download the model in that form, or name a .gguf file.',
    );
  const sizes = await Promise.all((await folderFiles(folder)).map(async (name) => stat(path.join(folder, name))));
  return { path: folder, format: 'huggingface', bytes: sizes.reduce((sum, { size }) => sum + size, 0) };
}

async function folderFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => FOLDER_FILES.has(name) || isWeights(name)).sort();
}

async function firstBytes(file: string, length: number): Promise<string> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new HoldfastError('file-unreadable', `${file} cannot be read.`, 'Check its permissions.', { cause });
  });
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
