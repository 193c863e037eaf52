import * as vscode from 'vscode';
import type { AuditSettings } from '../analyzer/settings.ts';
import { section, type EditorSettings } from './settingKeys.ts';
import { readAuditSettings, readEditorSettings } from './settings.ts';

/** The settings as they are now, for a resource. Every call reads again, so a change needs no reload. */
export class LiveSettings {
  audit(uri: vscode.Uri | undefined): AuditSettings {
    const configuration = vscode.workspace.getConfiguration(section, uri ?? null);
    return readAuditSettings((key) => configuration.get(key));
  }

  editor(uri: vscode.Uri | undefined): EditorSettings {
    const configuration = vscode.workspace.getConfiguration(section, uri ?? null);
    return readEditorSettings((key) => configuration.get(key));
  }
}
