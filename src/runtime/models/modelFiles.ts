import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { partPaths } from '../weights/ggufSplit.ts';

/** Deepest layout: a nested file in a Hub snapshot, `models--x/snapshots/<revision>/<folder>/<file>`. */
const MAX_DEPTH = 5;
/** A folder with more entries than this is not one of models; looking through it must not delay the first audit. */
const MAX_ENTRIES = 20_000;

/** A GGUF file, the first part of a split one, or a folder with config.json and safetensors. */
export interface ModelPath {
  readonly path: string;
  readonly format: 'gguf' | 'huggingface';
}

const partName = /-(\d{5})-of-(\d{5})\.gguf$/iu;

/** The parts of a split GGUF file by the name of one of them, in order; one that is not split is its own only part. */
export const partsOf = (file: string): string[] => partPaths(file) ?? [file];

/** True for every part but the first, which stands for the model. */
const isLaterPart = (name: string): boolean => Number(partName.exec(name)?.[1] ?? '1') > 1;

/** Image and audio encoders that lie beside a model are none. */
const isCompanion = (name: string): boolean => /^mmproj/iu.test(name);

/** The models below the folders, in a fixed order; links to folders are not followed. */
export async function* modelPaths(folders: readonly string[]): AsyncGenerator<ModelPath> {
  let budget = MAX_ENTRIES;
  const queue = folders.map((folder) => ({ folder, depth: 1 }));
  for (let next = queue.shift(); next !== undefined && budget > 0; next = queue.shift()) {
    const entries = await folderEntries(next.folder);
    budget -= entries.length;
    const names = entries.map(({ name }) => name);
    if (names.includes('config.json') && names.some((name) => name.endsWith('.safetensors')))
      yield { path: next.folder, format: 'huggingface' };
    for (const entry of entries) {
      const file = path.join(next.folder, entry.name);
      if (entry.isDirectory()) {
        if (next.depth < MAX_DEPTH) queue.push({ folder: file, depth: next.depth + 1 });
      } else if (/\.gguf$/iu.test(entry.name) && !isLaterPart(entry.name) && !isCompanion(entry.name)) {
        yield { path: file, format: 'gguf' };
      }
    }
  }
}

/** A folder's entries in a fixed order; none when it is absent or unreadable. */
export async function folderEntries(folder: string) {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Size of an existing file, links followed; `undefined` for what is no file or not there. */
export async function fileSize(file: string): Promise<number | undefined> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.isFile() === true ? stats.size : undefined;
}

/** The file behind a link, or the path itself where there is none. */
export const linkTarget = async (file: string): Promise<string> => realpath(file).catch(() => file);
