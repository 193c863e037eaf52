import { HoldfastError } from '../../errors.ts';

/** A file of the Hub by name: `hf:owner/name/path/file.gguf[@revision]`. Without a file: what the cache has of the repository. */
export interface HubReference {
  /** As the user wrote it. */
  readonly id: string;
  readonly repository: string;
  /** Path inside the repository. */
  readonly file: string | undefined;
  /** Branch, tag or commit, or the start of one; absent: the newest. */
  readonly revision: string | undefined;
}

const HUB_PREFIX = 'hf:';
const LOCAL_PREFIXES = ['ollama:', 'lmstudio:'];

/** True for an id of a model that another program keeps. Everything else that is not in the catalog is a path. */
export const isLocalId = (id: string): boolean => LOCAL_PREFIXES.some((prefix) => id.startsWith(prefix));

/** Names of the Hub: letters, digits, `-`, `_` and `.`; never a step up in a folder. */
const namePart = /^(?!\.{1,2}$)[\w.-]+$/u;

/** Reads `hf:...`; `undefined` for every other id. Throws `model-not-found` for one that cannot be a name of the Hub. */
export function parseHubReference(id: string): HubReference | undefined {
  if (!id.startsWith(HUB_PREFIX)) return undefined;
  const [, name = '', revision] = /^([^@]*)(?:@(.+))?$/u.exec(id.slice(HUB_PREFIX.length)) ?? [];
  const parts = name.split('/');
  const revisionParts = revision?.split('/') ?? [];
  if (parts.length < 2 || ![...parts, ...revisionParts].every((part) => namePart.test(part))) throw notAName(id);
  const file = parts.length === 2 ? undefined : parts.slice(2).join('/');
  return { id, repository: `${parts[0]!}/${parts[1]!}`, file, revision };
}

const notAName = (id: string): HoldfastError =>
  new HoldfastError(
    'model-not-found',
    `"${id}" is not the name of a model on the Hub.`,
    'Names look like hf:owner/name/file.gguf, with @revision at the end for another than the newest.',
  );
