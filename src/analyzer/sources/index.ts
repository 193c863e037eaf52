import picomatch from 'picomatch';
import { agentFileSources } from './agentFiles.ts';
import { agentYaml } from './agentYaml.ts';
import { chatJson, chatJsonLines } from './chatJson.ts';
import { javascript } from './code/javascript.ts';
import { python } from './code/python.ts';
import { crewai } from './crewai.ts';
import { dotprompt } from './dotprompt.ts';
import { githubModels } from './githubModels.ts';
import { jinjaTemplate } from './jinjaTemplate.ts';
import { langchain } from './langchain.ts';
import { modelfile } from './modelfile.ts';
import { namedFile } from './namedFile.ts';
import { poml } from './poml.ts';
import { promptFile } from './promptFile.ts';
import { promptfoo } from './promptfoo.ts';
import { prompty } from './prompty.ts';
import {
  defaultExtraction,
  readsNothing,
  type Extraction,
  type ExtractionOptions,
  type FileReader,
  type PromptSource,
} from './promptSource.ts';
import { semanticKernel, semanticKernelYaml } from './semanticKernel.ts';
import { systemFile } from './systemFile.ts';

export { namedFileExtensions } from './namedFile.ts';
export type { Extraction, ExtractionOptions, FileReader, PromptSource } from './promptSource.ts';

/**
 * What is looked for in a workspace. The first source whose patterns match a file reads it; where it finds nothing, the
 * next one that scans gets a try.
 */
export const workspaceSources: readonly PromptSource[] = [
  ...agentFileSources,
  semanticKernel,
  promptfoo,
  githubModels,
  crewai,
  agentYaml,
  prompty,
  dotprompt,
  poml,
  modelfile,
  systemFile,
  promptFile,
  jinjaTemplate,
  langchain,
  semanticKernelYaml,
  chatJson,
  chatJsonLines,
  javascript,
  python,
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

/** The patterns of all workspace sources without braces, which not every program that searches by globs reads nested. */
export const workspaceGlobs: readonly string[] = workspaceSources.flatMap(({ patterns }) =>
  patterns.flatMap((pattern) => {
    const group = /\{([^{}]*)\}/.exec(pattern);
    return group === null ? [pattern] : group[1]!.split(',').map((choice) => pattern.replace(group[0], choice));
  }),
);

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

/** Where else a source may look besides the file itself. */
export interface ExtractionContext {
  readonly read: FileReader;
  readonly options: ExtractionOptions;
}

const alone: ExtractionContext = { read: readsNothing, options: defaultExtraction };

/**
 * The prompts of a file's text, or why it holds none. Without a known source it is read as a named file. Never fails on any
 * text: what cannot be parsed is a reason.
 */
export async function extract(
  uri: string,
  fileText: string,
  sourceId?: string,
  { read, options }: ExtractionContext = alone,
): Promise<Extraction> {
  const source = (sourceId === undefined ? undefined : sourceById(sourceId)) ?? namedFile;
  const file = { uri, text: fileText, read };
  let first: Extraction | undefined;
  for (const each of [source, ...(source.isScan ? othersLike(source) : [])]) {
    let extraction: Extraction;
    try {
      extraction = await each.extract(file, options);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // a parser that recurses ran out of stack
      extraction = { prompts: [], reason: 'it is nested too deeply' };
    }
    if (extraction.reason === null) return extraction;
    first ??= extraction;
  }
  return first!;
}

/** True when a source that scans could find a prompt in a text, as far as a word of it tells. */
export function mayHoldPrompt(sourceId: string, fileText: string): boolean {
  const source = sourceById(sourceId);
  if (source === undefined) return false;
  return [source, ...othersLike(source)].some(({ hint }) => hint === undefined || hint.test(fileText));
}

/** Other sources that scan the same files: a YAML file may be of either tool. */
function othersLike({ id, patterns }: PromptSource): PromptSource[] {
  return workspaceSources.filter(
    (other) => other.id !== id && other.isScan && other.patterns.some((pattern) => patterns.includes(pattern)),
  );
}
