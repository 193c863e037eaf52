import { HoldfastError } from '../../errors.ts';
import { catalog, DEFAULT_MODEL_ID, findCatalogModel, type CatalogModel } from './catalog.ts';
import type { PullProgress } from './download.ts';
import { findLocalModel, findOnDisk } from './findById.ts';
import type { FoundModel, Keeper } from './foundModel.ts';
import { expandHome, holdfastHome, thisMachine, type Machine } from './home.ts';
import { locateModel } from './locate.ts';
import { isLocalId, parseHubReference, type HubReference } from './modelId.ts';
import { inspectModelPath, modelSha256, type ModelFormat, type UserModel } from './userModel.ts';

/** A model that is on this machine, complete and known by content. */
export interface ResolvedModel {
  /** The catalog's id, else the id or path as the user wrote it. */
  readonly id: string;
  /** Absolute: a GGUF file, the first part of a split one, or a folder with config.json. */
  readonly path: string;
  readonly format: ModelFormat;
  readonly bytes: number;
  /** Of the file; of several see `modelSha256`. */
  readonly sha256: string;
  /** Whose file it is; `user` for one named by its path. */
  readonly keeper: Keeper;
  /** What it should be, as its keeper or the Hub recorded it; compared with the content by `verifyModel` only. */
  readonly recordedSha256?: string;
  readonly catalog?: CatalogModel;
}

/** What can be pulled: a model of the catalog, or any GGUF file of the Hub, whose size only the Hub knows. */
export interface PullableModel extends Pick<CatalogModel, 'id' | 'title' | 'sources'> {
  readonly bytes?: number;
  readonly licence?: string;
  readonly licenceNote?: string;
}

/** A model that must be pulled first. */
export interface MissingModel {
  readonly missing: PullableModel;
}

export interface ResolveOptions {
  readonly machine?: Machine;
  /** Told while files are hashed and fetched. */
  readonly progress?: ((progress: PullProgress) => void) | undefined;
}

/**
 * Finds a model without network: by catalog id, by the id of a model that another program keeps (`hf:...`, `ollama:...`,
 * `lmstudio:...`), or by path (`undefined`: the default model). Throws `model-not-found` for anything else, `model-format`
 * for something that is there and no model.
 */
export async function resolveModel(
  idOrPath: string | undefined,
  signal: AbortSignal,
  options: ResolveOptions = {},
): Promise<ResolvedModel | MissingModel> {
  const id = idOrPath ?? DEFAULT_MODEL_ID;
  const machine = options.machine ?? thisMachine();
  const model = findCatalogModel(id);
  if (model !== undefined) return (await locate(model, signal, options)) ?? { missing: model };
  if (isLocalId(id)) return ofFound(id, await findLocalModel(id, machine, signal), signal, options);
  const reference = parseHubReference(id);
  if (reference === undefined) return resolvePath(id, signal, options);
  const found = await findOnDisk(reference, machine, signal);
  return found === undefined ? { missing: ofHub(reference) } : ofFound(id, found, signal, options);
}

/** What to ask the Hub for. Throws `model-not-found` when the id names no file. */
export function ofHub({ id, repository, file, revision }: HubReference): PullableModel {
  if (file?.toLowerCase().endsWith('.gguf') !== true)
    throw new HoldfastError(
      'model-not-found',
      `"${id}" is not on this machine.`,
      `Only GGUF files are pulled: name one, such as hf:${repository}/FILE.gguf.`,
    );
  return {
    id,
    title: file.split('/').at(-1)!,
    sources: [{ kind: 'hub', repository, revision: revision ?? 'main', file }],
  };
}

/** The catalog's model where it lies on this machine, if it does. */
async function locate(
  model: CatalogModel,
  signal: AbortSignal,
  { machine = thisMachine(), progress }: ResolveOptions,
): Promise<ResolvedModel | undefined> {
  const located = await locateModel(model, machine, signal, (done, total) =>
    progress?.({ phase: 'verify', done, total, source: model.title }),
  );
  return located === undefined ? undefined : ofCatalog(model, located.path, located.keeper);
}

export const ofCatalog = (model: CatalogModel, file: string, keeper: Keeper): ResolvedModel => ({
  id: model.id,
  path: file,
  format: 'gguf',
  bytes: model.bytes,
  sha256: model.sha256,
  keeper,
  catalog: model,
});

export async function ofFound(
  id: string,
  { path, format, bytes, keeper, recordedSha256 }: FoundFile,
  signal: AbortSignal,
  options: ResolveOptions,
): Promise<ResolvedModel> {
  const sha256 = await identify(id, { path, format, bytes }, signal, options);
  return { id, path, format, bytes, sha256, keeper, ...(recordedSha256 === undefined ? {} : { recordedSha256 }) };
}

type FoundFile = Pick<FoundModel, 'path' | 'format' | 'bytes' | 'keeper' | 'recordedSha256'>;

async function resolvePath(id: string, signal: AbortSignal, options: ResolveOptions): Promise<ResolvedModel> {
  signal.throwIfAborted();
  const model = await inspectModelPath(expandHome(id, options.machine ?? thisMachine())).catch((error: unknown) => {
    if (!(error instanceof HoldfastError && error.code === 'model-not-found')) throw error;
    throw new HoldfastError(
      'model-not-found',
      `"${id}" is neither a known model nor an existing path.`,
      `Known models: ${catalog.map((known) => known.id).join(', ')}. "holdfast models list" shows those of other programs too. ` +
        'Or name a .gguf file or a folder with config.json.',
      { cause: error },
    );
  });
  return ofFound(id, { ...model, keeper: 'user' }, signal, options);
}

const identify = async (
  id: string,
  model: UserModel,
  signal: AbortSignal,
  { machine = thisMachine(), progress }: ResolveOptions,
): Promise<string> =>
  modelSha256(model, holdfastHome(machine), signal, {
    progress: (done, total) => progress?.({ phase: 'verify', done, total, source: id }),
  });
