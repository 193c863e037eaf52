import picomatch from 'picomatch';
import type { Prompt } from '../prompt.ts';
import { agentsMd } from './agentsMd.ts';
import { claudeMd } from './claudeMd.ts';
import { copilotInstructions } from './copilotInstructions.ts';
import { namedFile } from './namedFile.ts';
import { promptFile } from './promptFile.ts';
import type { Extraction, PromptSource } from './promptSource.ts';
import { systemFile } from './systemFile.ts';

export { namedFileExtensions } from './namedFile.ts';
export type { Extraction, PromptSource } from './promptSource.ts';

/** What is looked for in a workspace. The first source whose patterns match a file reads it. */
export const workspaceSources: readonly PromptSource[] = [
  agentsMd,
  claudeMd,
  copilotInstructions,
  systemFile,
  promptFile,
];

export const allSources: readonly PromptSource[] = [...workspaceSources, namedFile];

/** Folders of other people's files and of build results, wherever they stand; prompts in them are not the user's. */
export const dependencyFolders = [
  'node_modules',
  'bower_components',
  'vendor',
  'third_party',
  'site-packages',
  '.venv',
  'venv',
  '.tox',
  '.nox',
  '.git',
  '.hg',
  '.svn',
  '.vscode-test',
  '.next',
  '.nuxt',
  '.cache',
  '.gradle',
  '.yarn',
  '.pnpm-store',
  '__pycache__',
  'Pods',
  'dist',
  'build',
  'out',
  'target',
  'coverage',
] as const;

/** The same as globs relative to a workspace folder. */
export const dependencyPatterns: readonly string[] = dependencyFolders.map((folder) => `**/${folder}/**`);

/** Names match in any case, as on case-insensitive file systems; dot folders such as `.github` count. */
const matchOptions = { dot: true, nocase: true } as const;

const matchers = workspaceSources.map((source) => ({
  source,
  matches: picomatch([...source.patterns], { ...matchOptions, ignore: [...(source.exclude ?? [])] }),
}));

/** The source that a workspace file belongs to, by its path from the workspace folder; undefined when it is no known one. */
export function sourceFor(relativePath: string): PromptSource | undefined {
  const path = relativePath.replaceAll('\\', '/').replace(/^(?:\.?\/)+/, '');
  return matchers.find(({ matches }) => matches(path))?.source;
}

export function sourceById(id: string): PromptSource | undefined {
  return allSources.find((source) => source.id === id);
}

/** The prompts of a file's text, or why it holds none. Without a known source it is read as a named file. */
export function extract(uri: string, fileText: string, sourceId?: string): Extraction {
  return ((sourceId === undefined ? undefined : sourceById(sourceId)) ?? namedFile).extract(uri, fileText);
}

/** The prompts of a file's text; `extract` says why there are none. */
export function extractPrompts(uri: string, fileText: string, sourceId?: string): readonly Prompt[] {
  return extract(uri, fileText, sourceId).prompts;
}
