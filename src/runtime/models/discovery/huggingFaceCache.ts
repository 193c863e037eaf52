import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { examine, type Discovered } from '../foundModel.ts';
import type { Machine } from '../home.ts';
import { folderEntries, linkTarget, modelPaths } from '../modelFiles.ts';
import { hubCacheFolders } from '../places.ts';

const FOLDER_PREFIX = 'models--';
/** Enough of a commit to be the only one of its repository, short enough to type. */
const REVISION_DIGITS = 8;

/**
 * Models of the Hugging Face cache: `models--<owner>--<name>/snapshots/<commit>/...`. The snapshot of `refs/main` goes by
 * the repository's name, others by `...@<commit>`. On machines without symbolic links snapshots hold the files themselves.
 */
export async function* huggingFaceModels(machine: Machine): AsyncGenerator<Discovered> {
  for (const hub of hubCacheFolders(machine))
    for (const { name } of await folderEntries(hub))
      if (name.startsWith(FOLDER_PREFIX)) yield* repositoryModels(path.join(hub, name), repositoryName(name));
}

const repositoryName = (folder: string): string => folder.slice(FOLDER_PREFIX.length).replace('--', '/');

async function* repositoryModels(folder: string, repository: string): AsyncGenerator<Discovered> {
  const snapshots = (await folderEntries(path.join(folder, 'snapshots'))).map(({ name }) => name);
  const main = (await readFile(path.join(folder, 'refs', 'main'), 'utf8').catch(() => '')).trim();
  const standard = snapshots.includes(main) ? main : snapshots.length === 1 ? snapshots[0] : undefined;
  const inOrder = snapshots.toSorted((a, b) => Number(b === standard) - Number(a === standard));
  for (const revision of inOrder) {
    const snapshot = path.join(folder, 'snapshots', revision);
    const suffix = revision === standard ? '' : `@${revision.slice(0, REVISION_DIGITS)}`;
    for await (const found of modelPaths([snapshot])) {
      const within = path.relative(snapshot, found.path).split(path.sep).join('/');
      const id = `hf:${repository}${within === '' ? '' : `/${within}`}${suffix}`;
      // Blobs of large files are named by their sha256.
      const blob = found.format === 'gguf' ? path.basename(await linkTarget(found.path)) : '';
      yield examine(found, {
        id,
        keeper: 'huggingface',
        revision,
        ...(/^[0-9a-f]{64}$/u.test(blob) ? { recordedSha256: blob } : {}),
      });
    }
  }
}
