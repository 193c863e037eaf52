import * as vscode from 'vscode';
import {
  dependencyPatterns,
  extract,
  mayHoldPrompt,
  sourceFor,
  workspaceGlobs,
  type PromptSource,
} from '../analyzer/sources/index.ts';
import type { AuditTarget } from './auditRunner.ts';
import type { LiveSettings } from './liveSettings.ts';
import type { WorkspaceConfigs } from './workspaceConfigs.ts';

/** Documents of these schemes are shown by the editor or by Holdfast itself and hold no prompt of the user's. */
const foreignSchemes = new Set([
  'output',
  'search-editor',
  'git',
  'vscode-settings',
  'holdfast-answers',
  'holdfast-reordering',
]);

const promptLanguages = new Set(['markdown', 'plaintext', 'prompt', 'instructions', 'chatagent', 'skill']);
const promptExtension = /\.(md|mdc|txt|prompt)$/i;

/** Files above this size are not prompts; reading them would only slow the editor. */
const maxBytes = 1024 * 1024;

/** True when the document can be audited: its kind is that of a prompt file, or a word of it promises a prompt. */
export function isAuditable(document: vscode.TextDocument): boolean {
  if (foreignSchemes.has(document.uri.scheme)) return false;
  if (promptLanguages.has(document.languageId) || promptExtension.test(document.uri.path)) return true;
  const source = sourceOf(document.uri);
  return source !== undefined && (!source.isScan || mayHoldPrompt(source.id, document.getText()));
}

/** True for files whose name says that they hold a prompt. */
export function isPromptFile(uri: vscode.Uri): boolean {
  const source = sourceOf(uri);
  return source !== undefined && !source.isScan;
}

/** The source that a file of the workspace belongs to. */
function sourceOf(uri: vscode.Uri): PromptSource | undefined {
  if (vscode.workspace.getWorkspaceFolder(uri) === undefined) return undefined;
  return sourceFor(vscode.workspace.asRelativePath(uri, false));
}

const sourceIn = (uri: vscode.Uri): string | undefined => sourceOf(uri)?.id;

/** Every file that may hold a prompt. */
export const promptFileGlobs = `{${workspaceGlobs.join(',')}}`;

/** Selector of documents that can be audited; kept equal to `isAuditable` by it being asked again. */
export const auditableDocuments: vscode.DocumentSelector = [
  ...[...promptLanguages].map((language) => ({ language })),
  { pattern: '**/*.{md,mdc,txt,prompt}' },
  { pattern: promptFileGlobs },
];

export function targetOf(document: vscode.TextDocument): AuditTarget {
  return { uri: document.uri.toString(), text: document.getText(), source: sourceIn(document.uri) };
}

/** Present text of an open document. */
export function openText(uri: string): string | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri)?.getText();
}

/** A file that was found and not read, and why. */
export interface NotRead {
  readonly uri: string;
  readonly reason: string;
}

/** Reads a file through the editor: the text of the open document, else the saved file. */
export async function readTarget(uri: vscode.Uri): Promise<AuditTarget | NotRead> {
  const key = uri.toString();
  const source = sourceIn(uri);
  const open = openText(key);
  if (open !== undefined) return { uri: key, text: open, source };
  try {
    const bytes = await vscode.workspace.fs.readFile(uri);
    if (bytes.byteLength > maxBytes) return { uri: key, reason: 'it is larger than 1 MiB' };
    return { uri: key, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), source };
  } catch (error) {
    const isEncoding = error instanceof TypeError;
    return {
      uri: key,
      reason: isEncoding ? 'it is not UTF-8 text' : error instanceof Error ? error.message : String(error),
    };
  }
}

export interface FoundPrompts {
  readonly targets: readonly AuditTarget[];
  readonly notRead: readonly NotRead[];
}

/** Files that are read at a time: a large workspace has thousands. */
const readAtOnce = 32;

/**
 * The prompt files of the workspace, sorted by path: those whose name says so or that the configuration includes, and those
 * whose content holds a prompt for sure.
 */
export async function findWorkspacePrompts(
  settings: LiveSettings,
  token: vscode.CancellationToken,
): Promise<FoundPrompts> {
  const { configs } = settings;
  await configs.load();
  const found = new Map<string, vscode.Uri>();
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const exclude = excludePattern(settings.editor(folder.uri).exclude);
    for (const glob of [promptFileGlobs, ...configs.includedBelow(folder.uri)]) {
      const uris = await vscode.workspace.findFiles(
        new vscode.RelativePattern(folder, glob),
        exclude,
        undefined,
        token,
      );
      for (const uri of uris) if (isWanted(uri, configs)) found.set(uri.toString(), uri);
    }
  }
  const ordered = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const targets: AuditTarget[] = [];
  const notRead: NotRead[] = [];
  for (let start = 0; start < ordered.length && !token.isCancellationRequested; start += readAtOnce) {
    for (const read of await Promise.all(ordered.slice(start, start + readAtOnce).map(readTarget))) {
      const isScan = sourceOf(vscode.Uri.parse(read.uri, true))?.isScan === true;
      if ('reason' in read) {
        if (!isScan) notRead.push(read);
      } else if (!isScan || (await holdsPrompt(read))) targets.push(read);
    }
  }
  return { targets, notRead };
}

function isWanted(uri: vscode.Uri, configs: WorkspaceConfigs): boolean {
  const { config, path } = configs.for(uri);
  const wish = config.wishFor(path);
  if (wish !== undefined) return wish === 'included';
  const source = sourceOf(uri);
  return source !== undefined && !source.isOnRequest;
}

async function holdsPrompt({ uri, text, source }: AuditTarget): Promise<boolean> {
  if (source === undefined || !mayHoldPrompt(source, text)) return false;
  const { prompts } = await extract(uri, text, source);
  return prompts.some(({ isLikely }) => !isLikely);
}

/** Folders of other people's files, and what the user excludes; `files.exclude` is applied by the editor as well. */
export function excludePattern(patterns: readonly string[]): string {
  return `{${[...dependencyPatterns, ...patterns].join(',')}}`;
}
