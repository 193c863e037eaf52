import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { AuditInput } from '../outcome.ts';
import type { Prompt } from '../prompt.ts';
import { auditInputs, distinctInputs, type FileInputs, type InputContext } from './auditInputs.ts';
import { discover, uriOf, type DiscoveredFile, type SearchScope } from './discover.ts';
import { fileReader } from './fileReader.ts';
import { sourceById } from './index.ts';
import { readPromptFile } from './readPromptFile.ts';

export interface FindOptions {
  /** Lists also what may be a prompt; an audit takes those only from files that are named. */
  readonly includesLikely?: boolean;
  /** Hears of files that are passed over although their name says that they hold a prompt. */
  readonly note?: (line: string) => void;
  /** What is searched, and how templates and hosts are filled in, per file. */
  readonly scope?: SearchScope;
  readonly contextOf: (uri: string) => Omit<InputContext, 'read'>;
}

/**
 * The prompts of the named files, folders and globs; without any, those of the current folder. A file that was named throws
 * when it cannot be read; one that was found by its name is passed over with a note, one that was only looked into without.
 * @throws {HoldfastError} `no-prompts` when there is none at all.
 */
export async function findPrompts(
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
  options: FindOptions,
): Promise<AuditInput[]> {
  const found: AuditInput[] = [];
  const reasons: string[] = [];
  for (const file of await discover(args, cwd, options.scope)) {
    signal.throwIfAborted();
    const isScan = !file.isNamed && sourceById(file.source)?.isScan === true;
    const { inputs, reason } = await inputsOf(file, cwd, options);
    const takesLikely = file.isNamed || options.includesLikely === true;
    const isWanted = ({ uri }: Prompt): boolean =>
      uri === file.uri || options.scope?.wishFor(path.resolve(cwd, uri)) !== 'excluded';
    found.push(...inputs.filter(({ prompt }) => (takesLikely || !prompt.isLikely) && isWanted(prompt)));
    if (reason === null || isScan) continue;
    reasons.push(`${file.uri}: ${reason}`);
    options.note?.(`${file.uri} holds no prompt: ${reason}.`);
  }
  if (found.length > 0) return distinctInputs(found);
  throw new HoldfastError(
    'no-prompts',
    reasons.length === 0 ? 'No prompt was found.' : `No prompt was found. ${reasons.join('; ')}.`,
    'Name a file that holds a prompt.',
  );
}

async function inputsOf(
  { path: file, uri, source, isNamed }: DiscoveredFile,
  cwd: string,
  { contextOf }: FindOptions,
): Promise<FileInputs> {
  let fileText: string;
  try {
    fileText = await readPromptFile(file);
  } catch (error) {
    if (isNamed || !(error instanceof HoldfastError)) throw error;
    return { inputs: [], prompts: [], reads: new Map(), reason: error.message.replace(/^.* is not read: |\.$/g, '') };
  }
  const read = fileReader(file, cwd, (each) => uriOf(each, cwd));
  return auditInputs(uri, fileText, source, { ...contextOf(uri), read });
}
