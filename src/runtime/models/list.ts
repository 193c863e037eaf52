import { setImmediate as otherWork } from 'node:timers/promises';
import { supportedArchitectures } from '../graph/architectures/index.ts';
import { catalog, type CatalogModel } from './catalog.ts';
import { discoverModels } from './discovery/index.ts';
import { reasonOf, type Discovered, type FoundModel, type Keeper, type UnreadableModel } from './foundModel.ts';
import { holdfastHome, thisMachine, type HoldfastHome } from './home.ts';
import { defaultMemoryLimit, estimateFromFile, memoryAvailable, type FileSize } from '../memory/index.ts';
import { outlineModel, type ModelOutline } from './outline.ts';
import type { ResolveOptions } from './resolve.ts';
import { rememberedSha256, stampedSha256 } from './verify.ts';

/** A model that can be chosen, or that cannot and why. Fields are absent where nothing is known. */
export interface ListedModel extends Pick<ModelOutline, 'architecture' | 'parameters' | 'quantisation' | 'licence'> {
  /** What `--model` takes. */
  readonly id: string;
  readonly title: string;
  /** `missing`: not on this machine, can be pulled. `unsupported`: this version does not run it. */
  readonly status: 'ready' | 'missing' | 'unsupported' | 'unreadable';
  /** Why, where the status is `unsupported` or `unreadable`. */
  readonly reason?: string;
  readonly bytes?: number;
  /** Absent for a model that is not on this machine. */
  readonly keeper?: Keeper;
  readonly path?: string;
  /** Absent where nothing is known to estimate by. */
  readonly memory?: MemoryNeed;
  readonly catalog?: CatalogModel;
}

export interface MemoryNeed {
  /** Estimate for an audit. */
  readonly bytes: number;
  /** What the engine may use now. */
  readonly usable: number;
  readonly fits: boolean;
}

export interface ListOptions extends ResolveOptions {
  /** The setting that limits the engine. */
  readonly memoryLimit?: string;
  /** What the engine may use; by default that setting's share of what is free now. */
  readonly usableMemory?: number;
}

/**
 * The catalog, each with its place if it is on this machine, then every other model found here. Nothing is fetched; a
 * file is hashed only when its size is exactly that of a catalog model and nobody has recorded its hash.
 */
export async function listModels(signal: AbortSignal, options: ListOptions = {}): Promise<ListedModel[]> {
  const machine = options.machine ?? thisMachine();
  const need = await memoryNeed(options);
  const discovered: Discovered[] = [];
  for await (const found of discoverModels(machine, signal)) discovered.push(found);

  const listed: ListedModel[] = [];
  const ofCatalog = new Set<Discovered>();
  for (const model of catalog) {
    const found = await findContent(model, discovered, holdfastHome(machine), signal, options);
    if (found !== undefined) ofCatalog.add(found);
    listed.push(catalogLine(model, found, need));
  }
  for (const found of discovered) {
    if (ofCatalog.has(found)) continue;
    signal.throwIfAborted();
    await otherWork(); // reading a head blocks for some milliseconds
    listed.push('reason' in found ? unreadableLine(found) : await foundLine(found, need));
  }
  return listed;
}

/** The file with a catalog model's content. What its keeper recorded of it is believed here; loading it is what verifies. */
async function findContent(
  model: CatalogModel,
  discovered: readonly Discovered[],
  home: HoldfastHome,
  signal: AbortSignal,
  { progress }: ListOptions,
): Promise<FoundModel | undefined> {
  for (const found of discovered) {
    if ('reason' in found || found.format !== 'gguf' || found.bytes !== model.bytes) continue;
    try {
      const sha256 =
        (await rememberedSha256(found.path, home)) ??
        found.recordedSha256 ??
        (await stampedSha256(found.path, home, signal, (done, total) =>
          progress?.({ phase: 'verify', done, total, source: model.title }),
        ));
      if (sha256 === model.sha256) return found;
    } catch {
      signal.throwIfAborted(); // otherwise unreadable, which its own line says
    }
  }
  return undefined;
}

type NeedOf = (model: FileSize) => MemoryNeed;

async function memoryNeed({ memoryLimit = defaultMemoryLimit, usableMemory }: ListOptions): Promise<NeedOf> {
  const usable = usableMemory ?? (await memoryAvailable(memoryLimit)).limit;
  return (model) => {
    const bytes = estimateFromFile(model);
    return { bytes, usable, fits: bytes <= usable };
  };
}

function catalogLine(model: CatalogModel, found: FoundModel | undefined, need: NeedOf): ListedModel {
  const { id, title, architecture, parameters, quantisation, licence, bytes } = model;
  const reason = obstacle({ architecture });
  return {
    id,
    title,
    status: reason !== undefined ? 'unsupported' : found === undefined ? 'missing' : 'ready',
    ...(reason === undefined ? {} : { reason }),
    architecture,
    parameters,
    quantisation,
    licence,
    bytes,
    ...(found === undefined ? {} : { keeper: found.keeper, path: found.path }),
    memory: need(model),
    catalog: model,
  };
}

async function foundLine(found: FoundModel, need: NeedOf): Promise<ListedModel> {
  const { id, keeper, path, format, bytes, licence } = found;
  let outline: ModelOutline;
  try {
    outline = await outlineModel(path, format);
  } catch (error) {
    return unreadableLine({ id, keeper, path, reason: reasonOf(error, path) });
  }
  const { name, obstacle: _, ...fields } = outline;
  const reason = obstacle(outline);
  return {
    id,
    title: name ?? id,
    status: reason === undefined ? 'ready' : 'unsupported',
    ...(reason === undefined ? {} : { reason }),
    ...(licence === undefined ? {} : { licence }),
    ...fields,
    bytes,
    keeper,
    path,
    memory: need({ bytes, ...fields }),
  };
}

const unreadableLine = ({ id, keeper, path, reason }: UnreadableModel): ListedModel => ({
  id,
  title: id,
  status: 'unreadable',
  reason,
  keeper,
  path,
});

/** Why this version does not run a model, if it does not. */
function obstacle({ architecture, obstacle: weights }: ModelOutline): string | undefined {
  if (architecture === undefined) return 'it does not say its architecture';
  if (!supportedArchitectures.includes(architecture))
    return `this version does not run the architecture ${architecture}`;
  return weights;
}
