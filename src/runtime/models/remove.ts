import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { graphPrefix } from '../graph/graphFolder.ts';
import { findCatalogModel } from './catalog.ts';
import { findLocalModel, findOnDisk } from './findById.ts';
import type { Keeper } from './foundModel.ts';
import { expandHome, holdfastHome, thisMachine, type HoldfastHome } from './home.ts';
import { locateModel } from './locate.ts';
import { fileSize, partsOf } from './modelFiles.ts';
import { isLocalId, parseHubReference } from './modelId.ts';
import { originFile } from './origin.ts';
import type { ResolveOptions } from './resolve.ts';
import { inspectModelPath, modelSha256 } from './userModel.ts';

/** What removing a model would delete. */
export interface Removal {
  readonly id: string;
  /** Files and folders, absolute: the model, what is kept beside it, and the graphs that were built from it. */
  readonly paths: readonly string[];
  /** What they take on the disk. */
  readonly bytes: number;
  /** Holdfast's models folder, which stays. */
  readonly folder: string;
}

/**
 * Finds what belongs to a model in Holdfast's own folder; nothing is deleted yet. Throws `model-foreign` for a model that
 * another program or the user keeps, `model-not-found` for one that is not on this machine.
 */
export async function planRemoval(id: string, signal: AbortSignal, options: ResolveOptions = {}): Promise<Removal> {
  const machine = options.machine ?? thisMachine();
  const home = holdfastHome(machine);
  const file = await ownFile(id, home, signal, options);
  const beside = partsOf(file).flatMap((part) => [part, `${part}.partial`]);
  const graphs = await graphsOf(file, home, signal, options);
  const present: { path: string; bytes: number }[] = [];
  for (const candidate of [...beside, originFile(file), ...graphs]) {
    const bytes = await bytesOf(candidate);
    if (bytes !== undefined) present.push({ path: candidate, bytes });
  }
  if (present.length === 0) throw notHere(id);
  return {
    id,
    paths: present.map(({ path: each }) => each),
    bytes: present.reduce((sum, { bytes }) => sum + bytes, 0),
    folder: home.models,
  };
}

/** Deletes what was planned, and folders of Holdfast's that are empty then. Throws `file-unwritable`. */
export async function removeModel({ paths, folder }: Removal): Promise<void> {
  for (const each of paths) {
    await rm(each, { recursive: true, force: true, maxRetries: 3 }).catch((cause: unknown) => {
      throw new HoldfastError(
        'file-unwritable',
        `${each} could not be deleted: ${(cause as Error).message}.`,
        'Close programs that use it, and run the command again.',
        { cause },
      );
    });
    await removeEmptied(path.dirname(each), folder);
  }
}

/** `hf/owner/name` is left empty by its last model; a folder that is not empty stays. */
async function removeEmptied(emptied: string, within: string): Promise<void> {
  for (let folder = emptied; isBelow(folder, within); folder = path.dirname(folder))
    try {
      await rmdir(folder);
    } catch {
      return; // another model is in it
    }
}

/** True for a path inside the folder, and not for the folder itself. */
function isBelow(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
}

/** Where the model's file is, or was meant to be, in Holdfast's folder. */
async function ownFile(id: string, home: HoldfastHome, signal: AbortSignal, options: ResolveOptions): Promise<string> {
  const machine = options.machine ?? thisMachine();
  const model = findCatalogModel(id);
  if (model !== undefined) {
    const usual = path.join(home.models, model.file);
    // A damaged file and an unfinished download count too: who removes a model wants its space.
    for (const each of [usual, `${usual}.partial`]) if ((await fileSize(each)) !== undefined) return usual;
    const located = await locateModel(model, machine, signal);
    if (located === undefined) throw notHere(id);
    return owned(id, located.path, located.keeper);
  }
  if (isLocalId(id)) {
    const found = await findLocalModel(id, machine, signal);
    return owned(id, found.path, found.keeper);
  }
  const reference = parseHubReference(id);
  if (reference !== undefined) {
    const found = await findOnDisk(reference, machine, signal);
    if (found !== undefined) return owned(id, found.path, found.keeper);
    if (reference.file === undefined) throw notHere(id);
    return path.join(home.models, 'hf', ...reference.repository.split('/'), reference.file); // an unfinished download
  }
  const named = path.resolve(expandHome(id, machine));
  if ((await stat(named).catch(() => undefined)) === undefined) throw notHere(id);
  return owned(id, named, isBelow(named, home.models) ? 'holdfast' : 'user');
}

function owned(id: string, file: string, keeper: Keeper): string {
  if (keeper === 'holdfast') return file;
  const advice: Record<Exclude<Keeper, 'holdfast'>, readonly [owner: string, todo: string]> = {
    huggingface: ['the Hugging Face cache', 'Remove it there, for example with "hf cache delete".'],
    ollama: [
      'Ollama',
      id.startsWith('ollama:')
        ? `Remove it with "ollama rm ${id.slice('ollama:'.length)}".`
        : 'Remove it with "ollama rm".',
    ],
    'lm-studio': ['LM Studio', 'Remove it in LM Studio, among its models.'],
    user: ['you', 'Delete the file yourself if it is no longer needed.'],
  };
  const [owner, todo] = advice[keeper];
  throw new HoldfastError(
    'model-foreign',
    `${file} belongs to ${owner}; Holdfast deletes only what it has downloaded.`,
    todo,
  );
}

/** Folders of converted graphs. A model that cannot be identified has none that could be found. */
async function graphsOf(
  file: string,
  home: HoldfastHome,
  signal: AbortSignal,
  { progress }: ResolveOptions,
): Promise<string[]> {
  try {
    const model = await inspectModelPath(file);
    const sha256 = await modelSha256(model, home, signal, {
      progress: (done, total) => progress?.({ phase: 'verify', done, total, source: path.basename(file) }),
    });
    const names = await readdir(home.graphs);
    return names.filter((name) => name.startsWith(graphPrefix(sha256))).map((name) => path.join(home.graphs, name));
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

/** Of a file, or of all files below a folder; `undefined` when it is not there. */
async function bytesOf(file: string): Promise<number | undefined> {
  const stats = await stat(file).catch(() => undefined);
  if (stats?.isDirectory() !== true) return stats?.size;
  const names = await readdir(file, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => (await fileSize(path.join(file, name))) ?? 0));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const notHere = (id: string): HoldfastError =>
  new HoldfastError(
    'model-not-found',
    `"${id}" is not on this machine.`,
    'Run "holdfast models list" for what is here.',
  );
