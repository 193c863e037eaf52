import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { examine, reasonOf, type Discovered } from '../foundModel.ts';
import type { Machine } from '../home.ts';
import { licenceOfText } from '../licence.ts';
import { fileSize, folderEntries } from '../modelFiles.ts';
import { ollamaFolders } from '../places.ts';

const DEFAULT_HOST = 'registry.ollama.ai';
const DEFAULT_NAMESPACE = 'library';

const MODEL_LAYER = 'application/vnd.ollama.image.model';
const LICENCE_LAYER = 'application/vnd.ollama.image.license';
/** Newer models keep every tensor in a layer of its own. */
const TENSOR_LAYER = 'application/vnd.ollama.image.tensor';

/** The part of an OCI manifest that says where the weights are. */
const manifestSchema = z.object({
  layers: z.array(z.object({ mediaType: z.string(), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/u) })),
});

/** Titles of licence texts fit into this. */
const LICENCE_BYTES = 400;

/** Models of Ollama's stores, by manifest: `manifests/<host>/<namespace>/<name>/<tag>`, with weights in `blobs`. */
export async function* ollamaModels(machine: Machine): AsyncGenerator<Discovered> {
  for (const folder of ollamaFolders(machine))
    for await (const manifest of manifests(path.join(folder, 'manifests'), [])) {
      const id = `ollama:${modelName(manifest.levels)}`;
      yield readManifest(manifest.file, path.join(folder, 'blobs'), id);
    }
}

/** Files exactly four levels down. */
async function* manifests(
  folder: string,
  levels: readonly string[],
): AsyncGenerator<{ file: string; levels: readonly string[] }> {
  for (const entry of await folderEntries(folder)) {
    const file = path.join(folder, entry.name);
    const below = [...levels, entry.name];
    if (below.length === 4) {
      if (!entry.isDirectory() && !entry.name.startsWith('.')) yield { file, levels: below };
    } else if (entry.isDirectory()) yield* manifests(file, below);
  }
}

/** The name that `ollama run` takes: `name:tag`, with namespace and host only where they are not the usual ones. */
function modelName([host, namespace, name, tag]: readonly string[]): string {
  if (host !== DEFAULT_HOST) return `${host!}/${namespace!}/${name!}:${tag!}`;
  return namespace === DEFAULT_NAMESPACE ? `${name!}:${tag!}` : `${namespace!}/${name!}:${tag!}`;
}

async function readManifest(file: string, blobs: string, id: string): Promise<Discovered> {
  const broken = (reason: string): Discovered => ({ id, keeper: 'ollama', path: file, reason });
  let layers: z.infer<typeof manifestSchema>['layers'];
  try {
    layers = manifestSchema.parse(JSON.parse(await readFile(file, 'utf8'))).layers;
  } catch (error) {
    return broken(
      error instanceof z.ZodError || error instanceof SyntaxError
        ? 'its manifest is not one of a model'
        : reasonOf(error, file),
    );
  }
  const weights = layers.find(({ mediaType }) => mediaType === MODEL_LAYER);
  if (weights === undefined)
    return broken(
      layers.some(({ mediaType }) => mediaType === TENSOR_LAYER)
        ? 'its weights are stored tensor by tensor, not as GGUF'
        : 'it has no weights of its own (a cloud model?)',
    );
  const blob = await blobFile(blobs, weights.digest);
  if (blob === undefined)
    return broken(`its weights are missing: no blob ${weights.digest} (an interrupted download?)`);
  const licence = await licenceOf(blobs, layers.find(({ mediaType }) => mediaType === LICENCE_LAYER)?.digest);
  return examine(
    { path: blob, format: 'gguf' },
    {
      id,
      keeper: 'ollama',
      recordedSha256: weights.digest.slice('sha256:'.length),
      ...(licence === undefined ? {} : { licence }),
    },
  );
}

/** `sha256-<hex>`, and the name that older versions gave. */
async function blobFile(blobs: string, digest: string): Promise<string | undefined> {
  for (const name of [digest.replace(':', '-'), digest]) {
    const file = path.join(blobs, name);
    if ((await fileSize(file)) !== undefined) return file;
  }
  return undefined;
}

async function licenceOf(blobs: string, digest: string | undefined): Promise<string | undefined> {
  const file = digest === undefined ? undefined : await blobFile(blobs, digest);
  if (file === undefined) return undefined;
  const handle = await open(file, 'r').catch(() => undefined);
  try {
    const buffer = Buffer.alloc(LICENCE_BYTES);
    const read = await handle?.read(buffer, 0, LICENCE_BYTES, 0);
    return licenceOfText(buffer.toString('utf8', 0, read?.bytesRead ?? 0));
  } catch {
    return undefined; // says nothing about the model
  } finally {
    await handle?.close();
  }
}
