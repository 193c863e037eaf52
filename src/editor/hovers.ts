import * as vscode from 'vscode';
import { toRange } from './diagnostics.ts';
import { evidenceMarkdown, instructionAt } from './evidenceHover.ts';
import type { Results } from './results.ts';

/** Shows the measured evidence on every audited instruction. */
export class EvidenceHoverProvider implements vscode.HoverProvider {
  constructor(private readonly results: Results) {}

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const result = this.results.get(document.uri.toString());
    if (result === undefined) return undefined;
    const found = instructionAt(result, position);
    if (found === undefined) return undefined;
    const markdown = new vscode.MarkdownString(evidenceMarkdown(found.prompt, found.instruction, result.report));
    markdown.isTrusted = { enabledCommands: ['holdfast.showReport'] };
    markdown.appendMarkdown(`\n\n[${vscode.l10n.t('Show report')}](command:holdfast.showReport)`);
    return new vscode.Hover(markdown, toRange(found.instruction.range));
  }
}
