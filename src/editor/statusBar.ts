import * as vscode from 'vscode';
import type { AuditRunner } from './auditRunner.ts';
import { isAuditable } from './documents.ts';
import type { Results } from './results.ts';
import { statusView, type ActiveDocument } from './statusView.ts';

/** The one status bar item: what is known about the active prompt, or how far the audit is. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('holdfast.status', vscode.StatusBarAlignment.Right, 100);
  private readonly subscriptions: { dispose(): unknown }[];

  constructor(
    private readonly runner: AuditRunner,
    private readonly results: Results,
  ) {
    this.item.name = vscode.l10n.t('Holdfast audit');
    const update = (): void => this.update();
    this.subscriptions = [
      this.item,
      runner.onDidChangeState(update),
      results.onDidChange(update),
      vscode.window.onDidChangeActiveTextEditor(update),
    ];
    this.update();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private update(): void {
    const shown = statusView(this.runner.state, this.active());
    if (shown === undefined) {
      this.item.hide();
      return;
    }
    this.item.text = shown.text;
    this.item.tooltip = shown.tooltip;
    this.item.command = shown.command;
    this.item.accessibilityInformation = { label: shown.label, role: 'button' };
    this.item.show();
  }

  private active(): ActiveDocument | undefined {
    const document = vscode.window.activeTextEditor?.document;
    if (document === undefined || !isAuditable(document)) return undefined;
    const uri = document.uri.toString();
    return {
      name: vscode.workspace.asRelativePath(document.uri),
      state: this.results.state(uri),
      result: this.results.get(uri),
    };
  }
}
