import * as vscode from 'vscode';
import { auditSettingKeys } from '../analyzer/config/settingPaths.ts';
import type { AuditSettings } from '../analyzer/settings.ts';
import { section, type EditorSettings } from './settingKeys.ts';
import { readAuditSettings, readEditorSettings } from './settings.ts';
import type { WorkspaceConfigs } from './workspaceConfigs.ts';

/** The settings as they are now, for a resource. Every call reads again, so a change needs no reload. */
export class LiveSettings {
  constructor(readonly configs: WorkspaceConfigs) {}

  /** What the configuration file says, else the editor's settings. `configs.load()` is to be awaited before. */
  audit(uri: vscode.Uri | undefined): AuditSettings {
    const configuration = vscode.workspace.getConfiguration(section, uri ?? null);
    const configured = this.configured(uri);
    return readAuditSettings((key) => configured.get(key) ?? configuration.get(key));
  }

  editor(uri: vscode.Uri | undefined): EditorSettings {
    const configuration = vscode.workspace.getConfiguration(section, uri ?? null);
    return readEditorSettings((key) => configuration.get(key));
  }

  /** Settings of the configuration file by their keys here. */
  private configured(uri: vscode.Uri | undefined): ReadonlyMap<string, unknown> {
    if (uri === undefined) return new Map();
    const { config, path } = this.configs.for(uri);
    const names = Object.entries(config.settingsFor(path)) as [keyof AuditSettings, unknown][];
    return new Map(names.map(([name, value]) => [auditSettingKeys[name], value]));
  }
}
