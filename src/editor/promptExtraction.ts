import * as vscode from 'vscode';
import { auditInputs, type FileInputs } from '../analyzer/sources/auditInputs.ts';
import { readsNothing, type FileReader } from '../analyzer/sources/promptSource.ts';
import type { AuditTarget } from './auditRunner.ts';
import { readTarget } from './documents.ts';
import type { WorkspaceConfigs } from './workspaceConfigs.ts';

/**
 * The prompts of a document, or why it holds none. What no source names is read like a file named on the command line;
 * files that it imports are read as long as they lie in its workspace folder.
 */
export function promptExtraction(configs: WorkspaceConfigs): (target: AuditTarget) => Promise<FileInputs> {
  return async ({ uri, text, source }) => {
    const document = vscode.Uri.parse(uri, true);
    await configs.load();
    const { config, path } = configs.for(document);
    return auditInputs(uri, text, source ?? 'named-file', { ...config.readingOf(path), read: readerOf(document) });
  };
}

function readerOf(document: vscode.Uri): FileReader {
  const root = vscode.workspace.getWorkspaceFolder(document)?.uri;
  if (root === undefined) return readsNothing;
  return async (path) => {
    const target = path.startsWith('/') ? document.with({ path }) : vscode.Uri.joinPath(document, '..', path);
    if (path.startsWith('~') || !target.path.startsWith(`${root.path}/`))
      return { reason: 'it lies outside of the workspace folder', isOutside: true };
    const read = await readTarget(target);
    if ('reason' in read) return { reason: read.reason };
    return { uri: target.toString(), text: read.text, read: readerOf(target) };
  };
}
