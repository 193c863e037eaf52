import * as vscode from 'vscode';
import { renderAnswers } from './answers.ts';
import type { Results } from './results.ts';

export const answersScheme = 'holdfast-answers';

/** The document with every answer of one prompt of an audited document. */
export function answersUri(document: vscode.Uri, promptIndex: number): vscode.Uri {
  const name = document.path.slice(document.path.lastIndexOf('/') + 1);
  return vscode.Uri.from({
    scheme: answersScheme,
    path: `/${name} (answers).txt`,
    query: JSON.stringify({ document: document.toString(), promptIndex }),
  });
}

/** Serves the answers behind a finding as read-only text, from current results only. */
export class AnswersProvider implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscription: { dispose(): void };
  readonly onDidChange = this.emitter.event;

  constructor(private readonly results: Results) {
    this.subscription = results.onDidChange(() => {
      for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === answersScheme) this.emitter.fire(uri);
    });
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const { document, promptIndex } = JSON.parse(uri.query) as { document: string; promptIndex: number };
    const prompt = this.results.get(document)?.prompts[promptIndex];
    if (prompt === undefined)
      return vscode.l10n.t('The prompt changed after it was audited. Audit it again to see its answers.');
    return renderAnswers(prompt).text;
  }

  dispose(): void {
    this.subscription.dispose();
    this.emitter.dispose();
  }
}
