import path from 'node:path';
import { findCatalogModel } from './catalog.ts';
import { downloadFailure, downloadModel, requireSpace, tried, type DownloadOptions, type Failure } from './download.ts';
import { holdfastHome, thisMachine } from './home.ts';
import { endpointName, hubFile, openHub, type Hub, type HubFile, type HubPlace } from './hub.ts';
import { fileSize, partsOf } from './modelFiles.ts';
import { originSha256, writeOrigin, type Origin } from './origin.ts';
import {
  ofCatalog,
  ofFound,
  resolveModel,
  type PullableModel,
  type ResolvedModel,
  type ResolveOptions,
} from './resolve.ts';
import { inspectModelPath } from './userModel.ts';
import { stampedSha256 } from './verify.ts';

export interface PullOptions extends ResolveOptions, Pick<DownloadOptions, 'freeBytes' | 'stallMs' | 'fetch'> {}

/**
 * Like `resolveModel`, but downloads a model that is not there: of the catalog with its pinned content, any other GGUF
 * file of the Hub (`hf:owner/name/file.gguf`) with the content that the Hub itself states. Failures are those of
 * `downloadModel`.
 */
export async function pullModel(
  idOrPath: string | undefined,
  signal: AbortSignal,
  options: PullOptions = {},
): Promise<ResolvedModel> {
  const resolved = await resolveModel(idOrPath, signal, options);
  if (!('missing' in resolved)) return resolved;
  const download = { ...options, machine: options.machine ?? thisMachine(), signal };
  const model = findCatalogModel(resolved.missing.id);
  if (model === undefined) return pullFromHub(resolved.missing, download);
  return ofCatalog(model, await downloadModel(model, download), 'holdfast');
}

/** A file of the Hub and, where it is split, every other part. Its hashes are pinned beside it for later verification. */
async function pullFromHub({ id, title, sources }: PullableModel, options: DownloadOptions): Promise<ResolvedModel> {
  const { machine, signal } = options;
  const source = sources.find(({ kind }) => kind === 'hub');
  if (source?.kind !== 'hub') throw new Error(`${id} has no source on the Hub`);
  const folder = path.join('hf', ...source.repository.split('/'));
  const models = holdfastHome(machine).models;
  const { revision, files } = await describeOnHub(
    id,
    title,
    { ...source, files: partsOf(source.file) },
    models,
    options,
  );
  for (const { name, bytes, sha256 } of files) {
    const file = path.join(folder, name);
    if (await isHere(path.join(models, file), bytes, sha256, options)) continue;
    const partTitle = files.length === 1 ? title : path.posix.basename(name);
    const from = { kind: 'hub', repository: source.repository, revision, file: name } as const;
    await downloadModel({ id, title: partTitle, file, bytes, sha256, sources: [from] }, options);
  }
  const first = path.join(models, folder, files[0]!.name);
  const { repository } = source;
  const origin = { id: `hf:${repository}/${files[0]!.name}`, repository, revision, files };
  await writeOrigin(first, origin);
  const recordedSha256 = originSha256(origin);
  return ofFound(id, { ...(await inspectModelPath(first)), keeper: 'holdfast', recordedSha256 }, signal, options);
}

type WantedFiles = Pick<HubPlace, 'repository' | 'revision'> & { readonly files: readonly string[] };

/** What the first Hub that answers says of the files, all of one commit, once there is room for them. */
async function describeOnHub(
  id: string,
  title: string,
  wanted: WantedFiles,
  folder: string,
  options: DownloadOptions,
): Promise<Pick<Origin, 'revision' | 'files'>> {
  const hub = await openHub(options.machine, options.fetch);
  const failures: Failure[] = [];
  for (const endpoint of hub.endpoints) {
    const source = `${endpointName(endpoint)} (${wanted.repository})`;
    options.progress?.({ phase: 'connect', done: 0, total: 0, source });
    const described = await tried(source, failures, options, async () => {
      const found = await describeFiles(hub, endpoint, wanted, options.signal);
      await requireSpace(
        found.files.reduce((sum, { bytes }) => sum + bytes, 0),
        folder,
        options,
      );
      return found;
    });
    if (described !== undefined) return described;
  }
  throw downloadFailure(id, title, failures);
}

async function describeFiles(
  hub: Hub,
  endpoint: string,
  { repository, revision, files }: WantedFiles,
  signal: AbortSignal,
): Promise<Pick<Origin, 'revision' | 'files'>> {
  let commit = revision;
  const described: (HubFile & { readonly name: string })[] = [];
  for (const name of files) {
    const file = await hubFile(hub, { endpoint, repository, revision: commit, file: name }, signal);
    commit = file.revision; // the other parts must be of the same commit, even if the branch moves meanwhile
    described.push({ ...file, name });
  }
  return { revision: commit, files: described.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })) };
}

/** A part that an earlier, unfinished pull has brought. */
async function isHere(
  file: string,
  bytes: number,
  sha256: string,
  { machine, signal }: DownloadOptions,
): Promise<boolean> {
  if ((await fileSize(file)) !== bytes) return false;
  return (await stampedSha256(file, holdfastHome(machine), signal)) === sha256;
}
