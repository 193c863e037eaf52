import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { catalog, DEFAULT_MODEL_ID, findCatalogModel, type CatalogModel } from './catalog.ts';
import { downloadModel, type DownloadOptions, type PullProgress } from './download.ts';
import { expandHome, holdfastHome, thisMachine, type Machine } from './home.ts';
import { locateModel, type Keeper } from './locate.ts';
import { inspectModelPath, modelSha256, type ModelFormat } from './userModel.ts';
import { sha256File } from './verify.ts';

export { catalog, DEFAULT_MODEL_ID, findCatalogModel, type CatalogModel } from './catalog.ts';
export { sourceName, type PullProgress } from './download.ts';
export { holdfastHome, thisMachine, type HoldfastHome, type Machine } from './home.ts';

/** A model that is on this machine, complete and known by content. */
export interface ResolvedModel {
  /** The catalog's id, else the path as the user wrote it. */
  readonly id: string;
  /** Absolute: a GGUF file or a folder with config.json. */
  readonly path: string;
  readonly format: ModelFormat;
  readonly bytes: number;
  /** Of the file; of a folder see `modelSha256`. */
  readonly sha256: string;
  /** Whose file it is; `user` for one named by its path. */
  readonly keeper: Keeper | 'user';
  readonly catalog?: CatalogModel;
}

/** A catalog model that must be pulled first. */
export interface MissingModel {
  readonly missing: CatalogModel;
}

export interface ResolveOptions {
  readonly machine?: Machine;
  /** Told while files are hashed and fetched. */
  readonly progress?: (progress: PullProgress) => void;
}

export interface PullOptions extends ResolveOptions, Pick<DownloadOptions, 'freeBytes' | 'stallMs'> {}

export interface ListedModel {
  readonly model: CatalogModel;
  /** Absent when the model is not on this machine. */
  readonly located?: ResolvedModel;
}

/**
 * Finds a model without network, by catalog id or by path (`undefined`: the default model). Throws `model-not-found`
 * for anything else, `model-format` for a path that holds no model.
 */
export async function resolveModel(
  idOrPath: string | undefined,
  signal: AbortSignal,
  options: ResolveOptions = {},
): Promise<ResolvedModel | MissingModel> {
  const model = findCatalogModel(idOrPath ?? DEFAULT_MODEL_ID);
  return model === undefined
    ? resolvePath(idOrPath ?? DEFAULT_MODEL_ID, false, signal, options)
    : ((await locate(model, signal, options)) ?? { missing: model });
}

/** Like `resolveModel`, but downloads a catalog model that is not there. Failures are those of `downloadModel`. */
export async function pullModel(
  idOrPath: string | undefined,
  signal: AbortSignal,
  options: PullOptions = {},
): Promise<ResolvedModel> {
  const resolved = await resolveModel(idOrPath, signal, options);
  if (!('missing' in resolved)) return resolved;
  const file = await downloadModel(resolved.missing, { ...options, machine: options.machine ?? thisMachine(), signal });
  return ofCatalog(resolved.missing, file, 'holdfast');
}

/** Every catalog model and where it is, if it is. */
export async function listModels(signal: AbortSignal, options: ResolveOptions = {}): Promise<ListedModel[]> {
  const listed: ListedModel[] = [];
  for (const model of catalog) {
    const located = await locate(model, signal, options);
    listed.push({ model, ...(located === undefined ? {} : { located }) });
  }
  return listed;
}

/**
 * Reads the whole model again, whatever is remembered about it. Throws `model-not-found` when it is not on this
 * machine, `model-verification` when a catalog model has changed since it was found.
 */
export async function verifyModel(
  idOrPath: string | undefined,
  signal: AbortSignal,
  options: ResolveOptions = {},
): Promise<ResolvedModel> {
  const resolved = await resolveModel(idOrPath, signal, options);
  if ('missing' in resolved) throw await missingError(resolved.missing, signal, options);
  const reread = await resolvePath(resolved.path, true, signal, options);
  if (resolved.catalog === undefined) return { ...reread, id: resolved.id };
  if (reread.sha256 !== resolved.catalog.sha256) throw damagedError(reread.path, reread.sha256, resolved.catalog);
  return resolved;
}

/** Nothing there, or in Holdfast's own folder a file with other content. */
async function missingError(model: CatalogModel, signal: AbortSignal, { machine = thisMachine() }: ResolveOptions) {
  const file = path.join(holdfastHome(machine).models, model.file);
  const actual = await sha256File(file, signal).catch(() => undefined);
  signal.throwIfAborted();
  return actual === undefined
    ? new HoldfastError(
        'model-not-found',
        `${model.title} is not on this machine.`,
        `Run "holdfast models pull ${model.id}".`,
      )
    : damagedError(file, actual, model);
}

const damagedError = (file: string, actual: string, model: CatalogModel): HoldfastError =>
  new HoldfastError(
    'model-verification',
    `${file} is not ${model.title}: sha256 ${actual} instead of ${model.sha256}.`,
    `Delete it and run "holdfast models pull ${model.id}".`,
  );

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

async function resolvePath(
  id: string,
  reread: boolean,
  signal: AbortSignal,
  { machine = thisMachine(), progress }: ResolveOptions,
): Promise<ResolvedModel> {
  signal.throwIfAborted();
  const model = await inspectModelPath(expandHome(id, machine)).catch((error: unknown) => {
    if (!(error instanceof HoldfastError && error.code === 'model-not-found')) throw error;
    throw new HoldfastError(
      'model-not-found',
      `"${id}" is neither a known model nor an existing path.`,
      `Known models: ${catalog.map((known) => known.id).join(', ')}. Or name a .gguf file or a folder with config.json.`,
      { cause: error },
    );
  });
  const sha256 = await modelSha256(model, holdfastHome(machine), signal, {
    progress: (done, total) => progress?.({ phase: 'verify', done, total, source: id }),
    reread,
  });
  return { id, ...model, sha256, keeper: 'user' };
}

const ofCatalog = (model: CatalogModel, file: string, keeper: Keeper): ResolvedModel => ({
  id: model.id,
  path: file,
  format: 'gguf',
  bytes: model.bytes,
  sha256: model.sha256,
  keeper,
  catalog: model,
});
