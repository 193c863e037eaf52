import * as vscode from 'vscode';
import { loadSettings, type AuditSettings } from '../analyzer/settings.ts';
import { Engine } from '../runtime/engine/client.ts';
import type { LanguageModel } from '../runtime/languageModel.ts';
import { holdfastHome, pullModel, resolveModel, type Machine } from '../runtime/models/index.ts';
import { askForDownload } from './downloadConsent.ts';
import { acquireModel } from './modelAccess.ts';

/** Owns the engine's child process: started by the first audit, ended with the extension. */
export class EngineOwner implements vscode.Disposable {
  private engine: Engine | undefined;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
    private readonly announce: (message: string) => void,
    /** With the settings as they are now. */
    private readonly machine: () => Machine,
  ) {}

  async loadModel(settings: AuditSettings, signal: AbortSignal): Promise<LanguageModel> {
    const machine = this.machine();
    return acquireModel(
      {
        resolve: (id, resolveSignal, options) => resolveModel(id, resolveSignal, { ...options, machine }),
        pull: (id, pullSignal, options) => pullModel(id, pullSignal, { ...options, machine }),
        load: ({ id, path, sha256 }, audit, loadSignal) =>
          this.started().load(
            { id, path, sha256, graphsFolder: holdfastHome().graphs, ...loadSettings(audit) },
            loadSignal,
          ),
        consent: askForDownload,
        isUntrusted: isInUntrustedWorkspace,
        announce: (message) => {
          this.log.debug(message);
          this.announce(message);
        },
      },
      settings,
      signal,
    );
  }

  /** Ends the child process; the next audit starts a new one. */
  dispose(): void {
    this.engine?.dispose();
    this.engine = undefined;
  }

  private started(): Engine {
    const enginePath = vscode.Uri.joinPath(this.extensionUri, 'dist', 'engine.cjs').fsPath;
    return (this.engine ??= new Engine({ enginePath, log: (line: string) => this.log.debug(line) }));
  }
}

function isInUntrustedWorkspace(path: string): boolean {
  return !vscode.workspace.isTrusted && vscode.workspace.getWorkspaceFolder(vscode.Uri.file(path)) !== undefined;
}
