import * as vscode from 'vscode';
import { toRange } from './diagnostics.ts';
import { evidenceMarkdown, instructionAt } from './evidenceHover.ts';
import { factAt, factMarkdown } from './factHover.ts';
import type { Results } from './results.ts';

/** Shows the measured evidence on every audited instruction and fact. */
export class EvidenceHoverProvider implements vscode.HoverProvider {
  constructor(private readonly results: Results) {}

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const result = this.results.get(document.uri.toString());
    if (result === undefined) return undefined;
    const stated = factAt(result, position);
    const asked = instructionAt(result, position);
    const range = (stated?.fact ?? asked?.instruction)?.range;
    if (range === undefined) return undefined;
    const parts = [
      ...(stated === undefined ? [] : [factMarkdown(stated.prompt, stated.fact, result.report)]),
      ...(asked === undefined ? [] : [evidenceMarkdown(asked.prompt, asked.instruction, result.report)]),
    ];
    const markdown = new vscode.MarkdownString(parts.join('\n\n---\n\n'));
    markdown.isTrusted = { enabledCommands: ['holdfast.showReport'] };
    markdown.appendMarkdown(`\n\n[${vscode.l10n.t('Show report')}](command:holdfast.showReport)`);
    return new vscode.Hover(markdown, toRange(range));
  }
}
