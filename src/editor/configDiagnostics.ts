import * as vscode from 'vscode';
import { configNames } from '../analyzer/config/config.ts';
import { readConfig } from '../analyzer/config/parseConfig.ts';
import { diagnosticSource } from './diagnostics.ts';

/** Underlines what is wrong in configuration files that are open: an audit below them would be refused for it. */
export class ConfigDiagnostics implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('holdfast-configuration');
  private readonly subscriptions: readonly { dispose(): unknown }[];

  constructor() {
    const check = (document: vscode.TextDocument): void => void this.check(document);
    const watcher = vscode.workspace.createFileSystemWatcher(`**/{${configNames.join(',')}}`, true, true);
    this.subscriptions = [
      this.collection,
      watcher,
      // A document outlives its file for some minutes.
      watcher.onDidDelete((uri) => this.collection.delete(uri)),
      vscode.workspace.onDidDeleteFiles(({ files }) => files.forEach((uri) => this.forgetBelow(uri))),
      vscode.workspace.onDidOpenTextDocument(check),
      vscode.workspace.onDidChangeTextDocument(({ document }) => check(document)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.collection.delete(uri)),
    ];
    vscode.workspace.textDocuments.forEach(check);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private forgetBelow(folder: vscode.Uri): void {
    this.collection.forEach((uri) => {
      if (`${uri.toString()}/`.startsWith(`${folder.toString()}/`)) this.collection.delete(uri);
    });
  }

  private async check(document: vscode.TextDocument): Promise<void> {
    const name = document.uri.path.slice(document.uri.path.lastIndexOf('/') + 1);
    if (!(configNames as readonly string[]).includes(name)) return;
    const { version } = document;
    const read = await readConfig(name, document.getText());
    if (document.isClosed || document.version !== version) return;
    const problems = 'problems' in read ? read.problems : [];
    this.collection.set(
      document.uri,
      problems.map(({ range, message }) => {
        const place = new vscode.Range(document.positionAt(range.start), document.positionAt(range.end));
        const diagnostic = new vscode.Diagnostic(place, message, vscode.DiagnosticSeverity.Error);
        diagnostic.source = diagnosticSource;
        return diagnostic;
      }),
    );
  }
}
