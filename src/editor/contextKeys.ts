import * as vscode from 'vscode';
import type { AuditRunner } from './auditRunner.ts';
import { isAuditable, isPromptFile } from './documents.ts';
import type { Results } from './results.ts';

/** Keeps the keys that menus and enablement ask for: holdfast.canAudit, .isPromptFile, .isRunning, .hasReport. */
export function contextKeys(runner: AuditRunner, results: Results): { dispose(): unknown }[] {
  const set = (key: string, value: boolean): void => {
    void vscode.commands.executeCommand('setContext', `holdfast.${key}`, value);
  };
  const editorChanged = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    set('canAudit', document !== undefined && isAuditable(document));
    set('isPromptFile', document !== undefined && isAuditable(document) && isPromptFile(document.uri));
  };
  let isRunning = false;
  editorChanged();
  return [
    vscode.window.onDidChangeActiveTextEditor(editorChanged),
    vscode.workspace.onDidOpenTextDocument(editorChanged), // a change of language closes and opens the document
    runner.onDidChangeState(({ kind }) => {
      if (isRunning === (kind === 'running')) return;
      isRunning = kind === 'running';
      set('isRunning', isRunning);
    }),
    results.onDidChange(() => {
      set('hasReport', results.latestReport() !== undefined);
      set('hasResults', results.uris().length > 0);
    }),
  ];
}
