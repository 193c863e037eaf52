import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { environmentPath, expandHome, type Machine } from './home.ts';

/** Folders named by the user, in the settings or in `HOLDFAST_MODEL_FOLDERS` (separated as in PATH). */
export function configuredFolders(machine: Machine): string[] {
  const separator = machine.platform === 'win32' ? ';' : ':';
  const fromEnvironment = (machine.env.HOLDFAST_MODEL_FOLDERS ?? '').split(separator).map((folder) => folder.trim());
  return distinct(
    [...(machine.modelFolders ?? []), ...fromEnvironment]
      .filter((folder) => folder !== '')
      .map((folder) => path.resolve(expandHome(folder, machine))),
  );
}

/** Caches of the Hugging Face libraries: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables */
export function hubCacheFolders(machine: Machine): string[] {
  return distinct([
    environmentPath(machine, 'HF_HUB_CACHE'),
    environmentPath(machine, 'HUGGINGFACE_HUB_CACHE'),
    path.join(huggingFaceHome(machine), 'hub'),
    path.join(machine.userHome, '.cache', 'huggingface', 'hub'),
  ]);
}

/** Where the Hugging Face libraries keep their token and cache. */
export function huggingFaceHome(machine: Machine): string {
  const cache = environmentPath(machine, 'XDG_CACHE_HOME') ?? path.join(machine.userHome, '.cache');
  return environmentPath(machine, 'HF_HOME') ?? path.join(cache, 'huggingface');
}

/** Ollama's stores, each with `manifests` and `blobs`. */
export function ollamaFolders(machine: Machine): string[] {
  return distinct([
    environmentPath(machine, 'OLLAMA_MODELS'),
    path.join(machine.userHome, '.ollama', 'models'),
    // The Linux installer runs Ollama as a service with a home of its own.
    machine.platform === 'linux' ? '/usr/share/ollama/.ollama/models' : undefined,
  ]);
}

/** LM Studio's folders; its home can be elsewhere, and the folder of its models again elsewhere. */
export async function lmStudioFolders(machine: Machine): Promise<string[]> {
  const pointer = await readFile(path.join(machine.userHome, '.lmstudio-home-pointer'), 'utf8').catch(() => '');
  const homes = distinct([
    pointer.trim() === '' ? undefined : path.resolve(pointer.trim()),
    path.join(machine.userHome, '.lmstudio'),
    path.join(machine.userHome, '.cache', 'lm-studio'),
  ]);
  const chosen = await Promise.all(homes.map(downloadsFolder));
  return distinct([...chosen, ...homes.map((home) => path.join(home, 'models'))]);
}

/** The folder that the user chose in LM Studio, from its settings. */
async function downloadsFolder(home: string): Promise<string | undefined> {
  try {
    const settings = JSON.parse(await readFile(path.join(home, 'settings.json'), 'utf8')) as {
      readonly downloadsFolder?: unknown;
    } | null;
    const folder = settings?.downloadsFolder;
    return typeof folder === 'string' && path.isAbsolute(folder) ? folder : undefined;
  } catch {
    return undefined; // LM Studio's own matter; its usual folder is looked at
  }
}

const distinct = (folders: readonly (string | undefined)[]): string[] => [
  ...new Set(folders.filter((folder) => folder !== undefined)),
];
