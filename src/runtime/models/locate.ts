import path from 'node:path';
import type { CatalogModel } from './catalog.ts';
import type { Keeper } from './foundModel.ts';
import { holdfastHome, type Machine } from './home.ts';
import { fileSize, folderEntries, modelPaths } from './modelFiles.ts';
import { configuredFolders, hubCacheFolders, lmStudioFolders, ollamaFolders } from './places.ts';
import { stampedSha256, type HashProgress } from './verify.ts';

export interface Located {
  readonly path: string;
  readonly keeper: Keeper;
}

/**
 * A file with exactly the model's content among Holdfast's own models, those that other programs have downloaded and
 * those of the user's folders. Compared by size first and then by sha256, so a file of another name counts and a damaged
 * one does not.
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
    if ((await fileSize(file)) !== model.bytes) continue;
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

  const hubs = hubCacheFolders(machine);
  // The Hub's cache names the blob of a large file by its sha256; only machines without symlinks keep files in snapshots.
  for (const hub of hubs)
    for (const repository of await folderEntries(hub))
      if (repository.name.startsWith('models--'))
        yield { path: path.join(hub, repository.name, 'blobs', model.sha256), keeper: 'huggingface' };
  for (const folder of ollamaFolders(machine))
    yield { path: path.join(folder, 'blobs', `sha256-${model.sha256}`), keeper: 'ollama' };
  yield* ggufFiles(configuredFolders(machine), 'user');
  yield* ggufFiles(hubs, 'huggingface');
  yield* ggufFiles(await lmStudioFolders(machine), 'lm-studio');
}

async function* ggufFiles(folders: readonly string[], keeper: Keeper): AsyncGenerator<Located> {
  for await (const { path: file, format } of modelPaths(folders)) if (format === 'gguf') yield { path: file, keeper };
}
