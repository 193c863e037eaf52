import * as vscode from 'vscode';
import type { Fix } from '../analyzer/report.ts';
import { contains } from './evidenceHover.ts';
import { diagnosticSource, toRange } from './diagnostics.ts';
import type { Results } from './results.ts';

export const reorderingScheme = 'holdfast-reordering';

/** Names one verified fix: the prompt of a document it belongs to. */
export interface FixPlace {
  readonly document: string;
  readonly promptIndex: number;
}

/** The whole document as it would be with the fix. */
export function previewUri({ document, promptIndex }: FixPlace): vscode.Uri {
  const path = vscode.Uri.parse(document, true).path;
  return vscode.Uri.from({
    scheme: reorderingScheme,
    path: `/${path.slice(path.lastIndexOf('/') + 1)}`,
    query: JSON.stringify({ document, promptIndex }),
  });
}

export function fixPlaceOf(uri: vscode.Uri): FixPlace {
  return JSON.parse(uri.query) as FixPlace;
}

/** The fix at a place, while the document still has the text that it was verified on. */
export function currentFix(results: Results, { document, promptIndex }: FixPlace): Fix | undefined {
  return results.get(document)?.prompts[promptIndex]?.fixes[0];
}

/** One edit, one undo step. With `needsConfirmation` the editor shows its own preview before it changes anything. */
export function fixEdit(document: vscode.Uri, fix: Fix, needsConfirmation: boolean): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  const metadata = { needsConfirmation, label: fix.title, description: fixSummary(fix) };
  for (const { range, newText } of fix.edits) edit.replace(document, toRange(range), newText, metadata);
  return edit;
}

/** What the measurement said before and after. */
export function fixSummary({ before, after }: Fix): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  return vscode.l10n.t(
    'lost {0} → {1} of {2}, leak {3} → {4}',
    before.lost,
    after.lost,
    after.pairs,
    percent(before.leak),
    percent(after.leak),
  );
}

/** Serves the right side of the comparison. */
export class ReorderingProvider implements vscode.TextDocumentContentProvider {
  constructor(private readonly results: Results) {}

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const place = fixPlaceOf(uri);
    const fix = currentFix(this.results, place);
    if (fix === undefined) return vscode.l10n.t('The prompt changed after the order was verified. Search again.');
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(place.document, true));
    return applied(document, fix);
  }
}

function applied(document: vscode.TextDocument, fix: Fix): string {
  const edits = fix.edits
    .map(({ range, newText }) => ({
      start: document.offsetAt(toRange(range).start),
      end: document.offsetAt(toRange(range).end),
      newText,
    }))
    .sort((a, b) => b.start - a.start);
  return edits.reduce(
    (text, { start, end, newText }) => text.slice(0, start) + newText + text.slice(end),
    document.getText(),
  );
}

/** Offers a verified order on the findings of a prompt, or the search for one. Never changes words, never runs on save. */
export class ReorderingActions implements vscode.CodeActionProvider {
  static readonly metadata: vscode.CodeActionProviderMetadata = {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
  };

  constructor(private readonly results: Results) {}

  provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const diagnostics = context.diagnostics.filter(({ source }) => source === diagnosticSource);
    const first = diagnostics[0];
    const result = this.results.get(document.uri.toString());
    if (first === undefined || result === undefined) return [];
    const promptIndex = result.prompts.findIndex(({ range }) => contains(range, first.range.start));
    if (promptIndex < 0) return [];
    const place: FixPlace = { document: document.uri.toString(), promptIndex };
    const fix = currentFix(this.results, place);
    const action = (title: string): vscode.CodeAction => {
      const created = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
      created.diagnostics = diagnostics;
      return created;
    };
    if (fix === undefined) {
      const title = vscode.l10n.t('Search for an order that holds (runs the model)');
      const search = action(title);
      search.command = { title, command: 'holdfast.suggestReordering', arguments: [place] };
      return [search];
    }
    const reorder = action(vscode.l10n.t('Reorder (verified: {0})', fixSummary(fix)));
    reorder.edit = fixEdit(document.uri, fix, true);
    const title = vscode.l10n.t('Compare the verified order with this one');
    const compare = action(title);
    compare.command = { title, command: 'holdfast.previewReordering', arguments: [place] };
    return [reorder, compare];
  }
}
