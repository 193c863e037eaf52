import * as vscode from 'vscode';
import type { AuditSettings } from '../analyzer/settings.ts';
import { Engine } from '../runtime/engine/client.ts';
import type { LanguageModel } from '../runtime/languageModel.ts';
import { holdfastHome, pullModel, resolveModel, sourceName, type CatalogModel } from '../runtime/models/index.ts';
import { acquireModel, megabytes } from './modelAccess.ts';

/** Owns the engine's child process: started by the first audit, ended with the extension. */
export class EngineOwner implements vscode.Disposable {
  private engine: Engine | undefined;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
    private readonly announce: (message: string) => void,
  ) {}

  loadModel(settings: AuditSettings, signal: AbortSignal): Promise<LanguageModel> {
    return acquireModel(
      {
        resolve: resolveModel,
        pull: pullModel,
        load: ({ id, path, sha256 }, { device, memoryLimit }, loadSignal) =>
          this.started().load(
            { id, path, sha256, graphsFolder: holdfastHome().graphs, device, memoryLimit },
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

/** A decision of the user's, so it is asked in the middle of the screen, once, before anything is fetched. */
async function askForDownload(model: CatalogModel): Promise<boolean> {
  const download = vscode.l10n.t('Download');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('Download the model {0}?', model.title),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Audits run on a local model, and this one is not on this machine yet.\n\nSize: {0}\nLicence: {1}\nSource: {2}\n\nThe file is checked by its sha256. Prompts never leave this machine.',
        megabytes(model.bytes),
        model.licence,
        model.sources.map(sourceName).join(vscode.l10n.t(', else ')),
      ),
    },
    download,
  );
  return choice === download;
}

function isInUntrustedWorkspace(path: string): boolean {
  return !vscode.workspace.isTrusted && vscode.workspace.getWorkspaceFolder(vscode.Uri.file(path)) !== undefined;
}
