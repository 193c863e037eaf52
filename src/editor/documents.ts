import * as vscode from 'vscode';
import { dependencyPatterns, sourceFor, workspaceSources } from '../analyzer/sources/index.ts';
import type { AuditTarget } from './auditRunner.ts';

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

/** True when the whole document can be audited as one prompt file. */
export function isAuditable(document: vscode.TextDocument): boolean {
  if (foreignSchemes.has(document.uri.scheme)) return false;
  return promptLanguages.has(document.languageId) || promptExtension.test(document.uri.path);
}

/** True for files that Audit Workspace looks for. */
export function isPromptFile(uri: vscode.Uri): boolean {
  return sourceIn(uri) !== undefined;
}

/** Id of the source that a file of the workspace belongs to. */
function sourceIn(uri: vscode.Uri): string | undefined {
  if (vscode.workspace.getWorkspaceFolder(uri) === undefined) return undefined;
  return sourceFor(vscode.workspace.asRelativePath(uri, false))?.id;
}

/** Selector of documents that can be audited; kept equal to `isAuditable` by it being asked again. */
export const auditableDocuments: vscode.DocumentSelector = [
  ...[...promptLanguages].map((language) => ({ language })),
  { pattern: '**/*.{md,mdc,txt,prompt}' },
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

/** The prompt files of the workspace, sorted by path. */
export async function findWorkspacePrompts(
  exclude: (folder: vscode.Uri) => readonly string[],
  token: vscode.CancellationToken,
): Promise<FoundPrompts> {
  const found = new Map<string, vscode.Uri>();
  const patterns = `{${workspaceSources.flatMap((source) => source.patterns).join(',')}}`;
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const pattern = new vscode.RelativePattern(folder, patterns);
    const uris = await vscode.workspace.findFiles(pattern, excludePattern(exclude(folder.uri)), undefined, token);
    for (const uri of uris) if (isPromptFile(uri)) found.set(uri.toString(), uri);
  }
  const ordered = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const read = await Promise.all(ordered.map(readTarget));
  return {
    targets: read.filter((item): item is AuditTarget => 'text' in item),
    notRead: read.filter((item): item is NotRead => 'reason' in item),
  };
}

/** Folders of other people's files, and what the user excludes; `files.exclude` is applied by the editor as well. */
export function excludePattern(patterns: readonly string[]): string {
  return `{${[...dependencyPatterns, ...patterns].join(',')}}`;
}
