import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import picomatch from 'picomatch';
import { HoldfastError } from '../../errors.ts';
import { dependencyFolders, namedFileExtensions, sourceFor, workspaceSources } from './index.ts';

/** A file that holds a prompt, and the source that reads it. */
export interface DiscoveredFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the current folder, with `/`; as reports name it. */
  readonly uri: string;
  readonly source: string;
  /** True when an argument names this very file. */
  readonly isNamed: boolean;
}

/** What a configuration says about files that are searched; files that are named are read all the same. */
export interface SearchScope {
  /** `included`: read whatever the file is called, as if it were named. */
  wishFor(file: string): 'included' | 'excluded' | undefined;
}

const everything: SearchScope = { wishFor: () => undefined };

/**
 * Finds prompt files for a command line: each argument is a file, a folder (searched for the known conventions) or a glob
 * (every file of a readable kind that it matches); no argument means the current folder. The order is that of the
 * arguments, sorted by path within each; a file is listed once, also when a link leads to it.
 * @throws {HoldfastError} `file-unreadable` for a file that is missing or of an unknown kind, `no-prompts` when a folder
 * or glob holds none.
 */
export async function discover(
  args: readonly string[],
  cwd: string,
  scope: SearchScope = everything,
): Promise<DiscoveredFile[]> {
  const found: DiscoveredFile[] = [];
  const seen = new Set<string>();
  for (const argument of args.length === 0 ? ['.'] : args) {
    const files = await expand(argument, cwd, scope);
    for (const { file, source, isNamed } of files) {
      const real = await realpath(file);
      if (seen.has(real)) continue;
      seen.add(real);
      found.push({ path: file, uri: uriOf(file, cwd), source, isNamed });
    }
  }
  return found;
}

interface Candidate {
  readonly file: string;
  readonly source: string;
  readonly isNamed: boolean;
}

async function expand(argument: string, cwd: string, scope: SearchScope): Promise<Candidate[]> {
  const target = path.resolve(cwd, argument);
  const kind = await kindOf(target);
  if (kind === 'file') return [{ file: target, source: sourceOfNamed(argument, target, cwd), isNamed: true }];
  if (kind === 'folder') {
    const files = (await walk(target)).flatMap((file): Candidate[] => {
      const source = sourceFor(path.relative(target, file)) ?? sourceFor(path.relative(cwd, file));
      const wish = scope.wishFor(file);
      if (wish === 'excluded') return [];
      if (wish === 'included') return [{ file, source: source?.id ?? 'named-file', isNamed: true }];
      return source === undefined || source.isOnRequest ? [] : [{ file, source: source.id, isNamed: false }];
    });
    if (files.length === 0) throw noPrompts(`No prompts were found in ${path.relative(cwd, target) || 'this folder'}.`);
    return files;
  }
  // A backslash separates folders on Windows and escapes a character elsewhere.
  const pattern = path.sep === '\\' ? argument.replaceAll('\\', '/') : argument;
  const { base, glob, isGlob } = picomatch.scan(pattern);
  if (!isGlob)
    throw new HoldfastError(
      'file-unreadable',
      `${argument} is not read: there is no such file.`,
      'Check the path; it is relative to the current folder.',
    );
  const root = path.resolve(cwd, base);
  const matches = picomatch(glob, { dot: true });
  const files = (await kindOf(root)) === 'folder' ? await walk(root) : [];
  const matching = files
    .filter((file) => matches(slashed(path.relative(root, file))) && scope.wishFor(file) !== 'excluded')
    .flatMap((file) => {
      const source = sourceFor(path.relative(cwd, file))?.id ?? (isReadableKind(file) ? 'named-file' : undefined);
      return source === undefined ? [] : [{ file, source, isNamed: false }];
    });
  if (matching.length === 0) throw noPrompts(`No file of a known kind matches ${argument}.`);
  return matching;
}

function sourceOfNamed(argument: string, file: string, cwd: string): string {
  const source = sourceFor(path.relative(cwd, file));
  if (source !== undefined) return source.id;
  if (isReadableKind(file)) return 'named-file';
  const kinds = namedFileExtensions.join(', ');
  throw new HoldfastError(
    'file-unreadable',
    `${argument} is not read: it is no prompt file.`,
    `Name a file of a known convention, or one that ends in ${kinds}.`,
  );
}

function isReadableKind(file: string): boolean {
  return (namedFileExtensions as readonly string[]).includes(path.extname(file).toLowerCase());
}

function noPrompts(message: string): HoldfastError {
  const known = workspaceSources.flatMap(({ patterns, isScan }) => (isScan ? [] : patterns.slice(0, 1))).join(', ');
  return new HoldfastError('no-prompts', message, `Name a file, or keep prompts where they are looked for: ${known}.`);
}

const dependencies: ReadonlySet<string> = new Set(dependencyFolders);

/** Files under a folder, sorted. Links to folders are not followed, so there are no cycles; links come after files. */
async function walk(root: string): Promise<string[]> {
  const files: string[] = [];
  const links: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entriesOf(folder)) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!dependencies.has(entry.name)) folders.push(full);
      } else if (entry.isFile()) files.push(full);
      else if (entry.isSymbolicLink() && (await kindOf(full)) === 'file') links.push(full);
    }
  }
  return [...files.sort(byPath), ...links.sort(byPath)];
}

/** A folder that cannot be listed holds nothing for us; the rest of the tree still counts. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

async function kindOf(target: string): Promise<'file' | 'folder' | undefined> {
  try {
    const stats = await stat(target);
    return stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : undefined;
  } catch {
    return undefined;
  }
}

/** By code units of the path with `/`: the same order on every machine. */
function byPath(a: string, b: string): number {
  const left = slashed(a);
  const right = slashed(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

function slashed(file: string): string {
  return path.sep === '\\' ? file.replaceAll('\\', '/') : file;
}

export function uriOf(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return slashed(relative.startsWith('..') || path.isAbsolute(relative) ? file : relative);
}
