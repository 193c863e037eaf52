import * as vscode from 'vscode';
import { Config, configNames, hostFiles, noConfig, withModelPath, withoutTrust } from '../analyzer/config/config.ts';
import { parseConfig } from '../analyzer/config/parseConfig.ts';

/** A configuration file of the workspace, or why it cannot be used. */
type Loaded = { readonly folder: vscode.Uri } & ({ readonly config: Config } | { readonly error: unknown });

const pattern = `**/{${configNames.join(',')}}`;

/** The configuration files of the workspace. The nearest one upwards, within the workspace folder, holds for a file. */
export class WorkspaceConfigs implements vscode.Disposable {
  private loading: Promise<void> | undefined;
  private loaded: readonly Loaded[] = [];
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly log: { warn(message: string): void }) {
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const forget = (): void => (this.loading = undefined);
    this.subscriptions = [
      watcher,
      watcher.onDidCreate(forget),
      watcher.onDidChange(forget),
      watcher.onDidDelete(forget),
      vscode.workspace.onDidGrantWorkspaceTrust(forget),
      vscode.workspace.onDidChangeWorkspaceFolders(forget),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        // A host's file may have any name. What is saved here holds at once; the watcher may need a moment.
        const isConfig = configNames.some((name) => uri.path.endsWith(`/${name}`));
        if ((isConfig || this.loaded.length > 0) && vscode.workspace.getWorkspaceFolder(uri) !== undefined) forget();
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** Reads the files if they were not read or have changed. To be awaited before `for`. */
  load(): Promise<void> {
    return (this.loading ??= this.read());
  }

  /** The configuration of a file and its path in it. Throws `HoldfastError` when the configuration is wrong. */
  for(uri: vscode.Uri): { readonly config: Config; readonly path: string } {
    const nearest = this.loaded
      .filter(({ folder }) => isBelow(uri, folder))
      .reduce<Loaded | undefined>(
        (best, each) => (best === undefined || each.folder.path.length > best.folder.path.length ? each : best),
        undefined,
      );
    if (nearest === undefined) return { config: noConfig, path: vscode.workspace.asRelativePath(uri, false) };
    if ('error' in nearest) throw nearest.error;
    return { config: nearest.config, path: uri.path.slice(nearest.folder.path.length).replace(/^\//, '') };
  }

  /** Globs, relative to a workspace folder, of the files that configurations in it include. */
  includedBelow(root: vscode.Uri): string[] {
    return this.loaded.flatMap((each) => {
      if ('error' in each || (each.folder.path !== root.path && !isBelow(each.folder, root))) return [];
      const prefix = each.folder.path.slice(root.path.length).replace(/^\//, '');
      return each.config.content.include.map((glob) => (prefix === '' ? glob : `${prefix}/${glob}`));
    });
  }

  private async read(): Promise<void> {
    const files = vscode.workspace.workspaceFolders === undefined ? [] : await vscode.workspace.findFiles(pattern);
    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    this.loaded = await Promise.all(files.map((file) => this.readOne(file)));
  }

  private async readOne(file: vscode.Uri): Promise<Loaded> {
    const folder = vscode.Uri.joinPath(file, '..');
    try {
      const parsed = await parseConfig(vscode.workspace.asRelativePath(file), await textOf(file));
      const content = withModelPath(parsed, (model) => vscode.Uri.joinPath(folder, model).fsPath);
      const { content: usable, ignored } = vscode.workspace.isTrusted
        ? { content, ignored: [] }
        : withoutTrust(content);
      if (ignored.length > 0)
        this.log.warn(`The workspace is not trusted: ${ignored.join(', ')} of ${file.path} is ignored.`);
      const hostTexts = new Map<string, string>();
      for (const name of hostFiles(usable)) hostTexts.set(name, await textOf(vscode.Uri.joinPath(folder, name)));
      return { folder, config: new Config(usable, hostTexts) };
    } catch (error) {
      return { folder, error };
    }
  }
}

async function textOf(uri: vscode.Uri): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
}

const isBelow = (uri: vscode.Uri, folder: vscode.Uri): boolean =>
  uri.scheme === folder.scheme &&
  uri.authority === folder.authority &&
  uri.path.startsWith(folder.path.endsWith('/') ? folder.path : `${folder.path}/`);
