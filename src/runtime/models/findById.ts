import { HoldfastError } from '../../errors.ts';
import { ownModels } from './discovery/folders.ts';
import { huggingFaceModels } from './discovery/huggingFaceCache.ts';
import { lmStudioModels } from './discovery/lmStudio.ts';
import { ollamaModels } from './discovery/ollama.ts';
import type { Discovered, FoundModel } from './foundModel.ts';
import type { Machine } from './home.ts';
import { parseHubReference, type HubReference } from './modelId.ts';

/**
 * A model of the Hub that is here already: pulled by Holdfast, or in the Hugging Face cache. An id without a file means
 * the repository's folder, or its only GGUF file. Throws `model-not-found` when it could mean several.
 */
export async function findOnDisk(
  wanted: HubReference,
  machine: Machine,
  signal: AbortSignal,
): Promise<FoundModel | undefined> {
  for (const models of [ownModels(machine), huggingFaceModels(machine)]) {
    const candidates: Discovered[] = [];
    for await (const found of models) {
      signal.throwIfAborted();
      if (isOfRepository(found, wanted)) candidates.push(found);
    }
    const exact = candidates.filter((found) => parseHubReference(found.id)?.file === wanted.file);
    const matching = exact.length > 0 ? exact : wanted.file === undefined ? candidates : [];
    if (matching.length > 0) return usable(onlyOne(wanted.id, matching));
  }
  return undefined;
}

/** Without a revision the one that goes by the plain name; with one, the commit that begins with it. */
function isOfRepository(found: Discovered, wanted: HubReference): boolean {
  if (!found.id.startsWith('hf:')) return false;
  const reference = parseHubReference(found.id);
  if (reference?.repository !== wanted.repository) return false;
  if (wanted.revision === undefined) return reference.revision === undefined;
  const commit = 'revision' in found ? found.revision : reference.revision;
  return commit?.startsWith(wanted.revision) === true;
}

/** A model of Ollama (`ollama:name[:tag]`) or LM Studio (`lmstudio:publisher/repository[/file]`). Throws `model-not-found`. */
export async function findLocalModel(id: string, machine: Machine, signal: AbortSignal): Promise<FoundModel> {
  const isOllama = id.startsWith('ollama:');
  // As Ollama does: a name without a tag is the latest.
  const wanted = isOllama && !id.slice('ollama:'.length).split('/').at(-1)!.includes(':') ? `${id}:latest` : id;
  const matching: Discovered[] = [];
  for await (const found of isOllama ? ollamaModels(machine) : lmStudioModels(machine)) {
    signal.throwIfAborted();
    if (found.id === wanted) return usable(found);
    if (!isOllama && found.id.startsWith(`${wanted}/`)) matching.push(found);
  }
  if (matching.length > 0) return usable(onlyOne(id, matching));
  throw new HoldfastError(
    'model-not-found',
    `${isOllama ? 'Ollama' : 'LM Studio'} has no model "${id.slice(id.indexOf(':') + 1)}" on this machine.`,
    'Run "holdfast models list" for what is here.',
  );
}

function onlyOne(id: string, matching: readonly Discovered[]): Discovered {
  if (matching.length === 1) return matching[0]!;
  throw new HoldfastError(
    'model-not-found',
    `"${id}" could be any of ${matching.length} models.`,
    `Name one of them: ${matching.map((found) => found.id).join(', ')}`,
  );
}

function usable(found: Discovered): FoundModel {
  if (!('reason' in found)) return found;
  throw new HoldfastError(
    'model-format',
    `${found.id} cannot be used: ${found.reason}.`,
    `Its place: ${found.path}. Get it again with the program that it belongs to.`,
  );
}
