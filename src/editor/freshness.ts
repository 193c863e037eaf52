import * as vscode from 'vscode';
import { workspaceGlobs } from '../analyzer/sources/index.ts';
import type { Diagnostics } from './diagnostics.ts';
import { excludePattern, openText, readTarget } from './documents.ts';
import type { LiveSettings } from './liveSettings.ts';
import type { Results } from './results.ts';
import { section } from './settingKeys.ts';

/** Files that may have results. */
const watched = `{**/*.md,**/*.mdc,**/*.txt,**/*.prompt,${workspaceGlobs.join(',')}}`;

/** Hides results as soon as their text is not the present one, and removes those of files that are gone or excluded. */
export function followDocuments(
  results: Results,
  settings: LiveSettings,
  diagnostics: Diagnostics,
): vscode.Disposable[] {
  /** The file's text after it was closed or changed on disk; gone: nothing can be shown. */
  const reread = async (uri: vscode.Uri): Promise<void> => {
    const key = uri.toString();
    if (!results.follows(key)) return;
    const target = await readTarget(uri);
    if ('text' in target) results.textIs(key, target.text);
    else results.remove(key);
  };
  const removeBelow = (uri: vscode.Uri): void => {
    for (const key of [uri.toString(), ...results.uris().filter((each) => each.startsWith(`${uri.toString()}/`))])
      results.remove(key);
  };
  const removeExcluded = async (): Promise<void> => {
    for (const key of results.uris()) {
      const uri = vscode.Uri.parse(key, true);
      const folder = vscode.workspace.getWorkspaceFolder(uri);
      if (folder === undefined || openText(key) !== undefined) continue;
      const pattern = new vscode.RelativePattern(folder, vscode.workspace.asRelativePath(uri, false));
      const found = await vscode.workspace.findFiles(pattern, excludePattern(settings.editor(folder.uri).exclude), 1);
      if (found.length === 0) results.remove(key);
    }
  };
  const watcher = vscode.workspace.createFileSystemWatcher(watched, true);
  return [
    watcher,
    watcher.onDidChange((uri) => {
      // An open document tells its own changes, also those that were not saved.
      if (openText(uri.toString()) === undefined) void reread(uri);
    }),
    watcher.onDidDelete(removeBelow),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0 && results.follows(document.uri.toString()))
        results.textIs(document.uri.toString(), document.getText());
    }),
    vscode.workspace.onDidOpenTextDocument((document) => results.textIs(document.uri.toString(), document.getText())),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => {
      if (uri.scheme === 'untitled') results.remove(uri.toString());
      else void reread(uri);
    }),
    vscode.workspace.onDidDeleteFiles(({ files }) => files.forEach(removeBelow)),
    vscode.workspace.onDidRenameFiles(({ files }) => files.forEach(({ oldUri }) => removeBelow(oldUri))),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(`${section}.rules`)) diagnostics.refreshAll();
      if (change.affectsConfiguration(`${section}.exclude`)) void removeExcluded();
    }),
  ];
}
