import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { catalog, findCatalogModel, type CatalogModel } from './catalog.ts';
import { discoverModels } from './discovery/index.ts';
import type { FoundModel } from './foundModel.ts';
import { holdfastHome, thisMachine } from './home.ts';
import { resolveModel, type PullableModel, type ResolvedModel, type ResolveOptions } from './resolve.ts';
import { modelSha256 } from './userModel.ts';
import { sha256File } from './verify.ts';

/** A model that was read again from the first byte to the last. */
export interface VerifiedModel extends ResolvedModel {
  /** What its content was compared with; `nothing` for a file that nobody has recorded the hash of. */
  readonly comparedWith: 'catalog' | 'record' | 'nothing';
}

/** One model of `verifyAll`. */
export interface Verification extends Pick<FoundModel, 'id' | 'path'> {
  readonly sha256?: string;
  readonly comparedWith: VerifiedModel['comparedWith'];
  /** What is wrong with it; absent where nothing is. */
  readonly problem?: string;
}

/**
 * Reads the whole model again, whatever is remembered about it. Throws `model-not-found` when it is not on this
 * machine, `model-verification` when its content is not what the catalog, the Hub or its keeper recorded.
 */
export async function verifyModel(
  idOrPath: string | undefined,
  signal: AbortSignal,
  options: ResolveOptions = {},
): Promise<VerifiedModel> {
  const resolved = await resolveModel(idOrPath, signal, options);
  if ('missing' in resolved) throw await missingError(resolved.missing, signal, options);
  const sha256 = await reread(resolved, signal, options);
  const expected = resolved.catalog?.sha256 ?? resolved.recordedSha256;
  if (expected !== undefined && sha256 !== expected) throw damagedError(resolved, sha256, expected);
  return { ...resolved, sha256, comparedWith: comparison(resolved.catalog, resolved.recordedSha256) };
}

/** Reads every model of this machine again. A damaged one is an entry of the result and not an error. */
export async function* verifyAll(signal: AbortSignal, options: ResolveOptions = {}): AsyncGenerator<Verification> {
  const own = holdfastHome(options.machine ?? thisMachine()).models;
  for await (const found of discoverModels(options.machine ?? thisMachine(), signal)) {
    const { id, path: file } = found;
    if ('reason' in found) {
      yield { id, path: file, comparedWith: 'nothing', problem: found.reason };
      continue;
    }
    const sha256 = await reread(found, signal, options);
    const known = catalog.find((model) => model.sha256 === sha256);
    // A damaged download is known by its name only.
    const meant = known ?? catalog.find((model) => path.join(own, model.file) === file);
    const expected = meant?.sha256 ?? found.recordedSha256;
    yield {
      id: meant?.id ?? id,
      path: file,
      sha256,
      comparedWith: comparison(meant, found.recordedSha256),
      ...(expected === undefined || expected === sha256 ? {} : { problem: `sha256 ${sha256} instead of ${expected}` }),
    };
  }
}

function comparison(model: CatalogModel | undefined, recorded: string | undefined): VerifiedModel['comparedWith'] {
  if (model !== undefined) return 'catalog';
  return recorded === undefined ? 'nothing' : 'record';
}

const reread = async (
  { id, path, format, bytes }: Pick<FoundModel, 'id' | 'path' | 'format' | 'bytes'>,
  signal: AbortSignal,
  { machine = thisMachine(), progress }: ResolveOptions,
): Promise<string> =>
  modelSha256({ path, format, bytes }, holdfastHome(machine), signal, {
    progress: (done, total) => progress?.({ phase: 'verify', done, total, source: id }),
    reread: true,
  });

/** Nothing there, or in Holdfast's own folder a file with other content. */
async function missingError(
  missing: PullableModel,
  signal: AbortSignal,
  { machine = thisMachine() }: ResolveOptions,
): Promise<HoldfastError> {
  const model = findCatalogModel(missing.id);
  const file = model === undefined ? undefined : path.join(holdfastHome(machine).models, model.file);
  const actual = file === undefined ? undefined : await sha256File(file, signal).catch(() => undefined);
  signal.throwIfAborted();
  if (model !== undefined && file !== undefined && actual !== undefined)
    return damagedError({ id: model.id, path: file, keeper: 'holdfast' }, actual, model.sha256);
  return new HoldfastError(
    'model-not-found',
    `${missing.title} is not on this machine.`,
    `Run "holdfast models pull ${missing.id}".`,
  );
}

const damagedError = (
  { id, path: file, keeper }: Pick<FoundModel, 'id' | 'path' | 'keeper'>,
  actual: string,
  expected: string,
): HoldfastError =>
  new HoldfastError(
    'model-verification',
    `${file} is not ${id} as it should be: sha256 ${actual} instead of ${expected}.`,
    keeper === 'holdfast'
      ? `Run "holdfast models remove ${id}" and "holdfast models pull ${id}".`
      : 'It is damaged or was replaced. Get it again with the program that it belongs to.',
  );
