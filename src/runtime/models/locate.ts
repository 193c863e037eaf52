import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CatalogModel } from './catalog.ts';
import { environmentPath, holdfastHome, type Machine } from './home.ts';
import { stampedSha256, type HashProgress } from './verify.ts';

/** Whose folder a model was found in. */
export type Keeper = 'holdfast' | 'huggingface' | 'ollama' | 'lm-studio';

export interface Located {
  readonly path: string;
  readonly keeper: Keeper;
}

/** Deepest layout: a nested file in a Hub snapshot, `models--x/snapshots/<revision>/<folder>/<file>`. */
const MAX_DEPTH = 5;
/** A cache with more entries than this is not a model cache; looking through it must not delay the first audit. */
const MAX_ENTRIES = 20_000;

/**
 * A file with exactly the model's content among Holdfast's own models and those that other programs have downloaded.
 * Compared by size first and then by sha256, so a file of another name counts and a damaged one does not.
 */
export async function locateModel(
  model: CatalogModel,
  machine: Machine,
  signal: AbortSignal,
  progress?: HashProgress,
): Promise<Located | undefined> {
  const home = holdfastHome(machine);
  const seen = new Set<string>();
  for await (const { path: file, keeper } of candidates(model, machine)) {
    signal.throwIfAborted();
    if (seen.has(file)) continue;
    seen.add(file);
    if (!(await hasSize(file, model.bytes))) continue;
    try {
      if ((await stampedSha256(file, home, signal, progress)) === model.sha256) return { path: file, keeper };
    } catch {
      signal.throwIfAborted(); // otherwise unreadable: not ours to complain about, the next candidate may do
    }
  }
  return undefined;
}

/** Likely places first, so that usually nothing is walked. */
async function* candidates(model: CatalogModel, machine: Machine): AsyncGenerator<Located> {
  const models = holdfastHome(machine).models;
  yield { path: path.join(models, model.file), keeper: 'holdfast' };
  yield* ggufFiles([models], 'holdfast');

  const hubs = hubFolders(machine);
  // The Hub's cache names the blob of a large file by its sha256; only machines without symlinks keep files in snapshots.
  for (const hub of hubs)
    for (const repository of await entries(hub))
      if (repository.name.startsWith('models--'))
        yield { path: path.join(hub, repository.name, 'blobs', model.sha256), keeper: 'huggingface' };
  for (const folder of ollamaFolders(machine))
    yield { path: path.join(folder, 'blobs', `sha256-${model.sha256}`), keeper: 'ollama' };
  yield* ggufFiles(hubs, 'huggingface');
  yield* ggufFiles(lmStudioFolders(machine), 'lm-studio');
}

function hubFolders(machine: Machine): string[] {
  const home = environmentPath(machine, 'HF_HOME');
  const cache = environmentPath(machine, 'XDG_CACHE_HOME') ?? path.join(machine.userHome, '.cache');
  return present([
    environmentPath(machine, 'HF_HUB_CACHE'),
    environmentPath(machine, 'HUGGINGFACE_HUB_CACHE'),
    home === undefined ? undefined : path.join(home, 'hub'),
    path.join(cache, 'huggingface', 'hub'),
  ]);
}

function ollamaFolders(machine: Machine): string[] {
  return present([
    environmentPath(machine, 'OLLAMA_MODELS'),
    path.join(machine.userHome, '.ollama', 'models'),
    // The Linux installer runs Ollama as a service with a home of its own.
    machine.platform === 'linux' ? '/usr/share/ollama/.ollama/models' : undefined,
  ]);
}

function lmStudioFolders(machine: Machine): string[] {
  return [
    path.join(machine.userHome, '.lmstudio', 'models'),
    path.join(machine.userHome, '.cache', 'lm-studio', 'models'),
  ];
}

const present = (folders: readonly (string | undefined)[]): string[] => [
  ...new Set(folders.filter((folder) => folder !== undefined)),
];

/** Files named `*.gguf` below the folders; links are followed by name only, never walked into. */
async function* ggufFiles(folders: readonly string[], keeper: Keeper): AsyncGenerator<Located> {
  let budget = MAX_ENTRIES;
  const queue = folders.map((folder) => ({ folder, depth: 1 }));
  for (let next = queue.shift(); next !== undefined && budget > 0; next = queue.shift()) {
    for (const entry of await entries(next.folder)) {
      budget -= 1;
      const file = path.join(next.folder, entry.name);
      if (entry.isDirectory()) {
        if (next.depth < MAX_DEPTH) queue.push({ folder: file, depth: next.depth + 1 });
      } else if (entry.name.toLowerCase().endsWith('.gguf')) {
        yield { path: file, keeper };
      }
    }
  }
}

/** A folder's entries in a fixed order; none when it is absent or unreadable. */
async function entries(folder: string) {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function hasSize(file: string, bytes: number): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.isFile() === true && stats.size === bytes;
}
