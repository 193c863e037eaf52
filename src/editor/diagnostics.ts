import * as vscode from 'vscode';
import type { FileRange, Finding, PromptReport, Severity } from '../analyzer/report.ts';
import { renderAnswers } from './answers.ts';
import { answersUri } from './answersProvider.ts';
import { evidenceOf } from './findingEvidence.ts';
import { instructionAt } from './evidenceHover.ts';
import type { DocumentResult, Results } from './results.ts';
import type { EditorSettings } from './settingKeys.ts';

export const diagnosticSource = 'Holdfast';

/** Shows the findings of current results in the Problems panel; nothing of an outdated result stays. */
export class Diagnostics implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('holdfast');
  private readonly subscription: { dispose(): void };

  constructor(
    private readonly results: Results,
    private readonly settings: (uri: vscode.Uri) => EditorSettings,
    private readonly rulesPage: vscode.Uri,
  ) {
    this.subscription = results.onDidChange((uri) => (uri === undefined ? this.refreshAll() : this.refresh(uri)));
  }

  refreshAll(): void {
    this.collection.forEach((uri) => {
      if (this.results.get(uri.toString()) === undefined) this.collection.delete(uri);
    });
    for (const uri of this.results.uris()) this.refresh(uri);
  }

  dispose(): void {
    this.subscription.dispose();
    this.collection.dispose();
  }

  private refresh(key: string): void {
    const uri = vscode.Uri.parse(key, true);
    const result = this.results.get(key);
    if (result === undefined) this.collection.delete(uri);
    else this.collection.set(uri, this.diagnosticsOf(uri, result));
  }

  private diagnosticsOf(uri: vscode.Uri, result: DocumentResult): vscode.Diagnostic[] {
    const { severity } = this.settings(uri);
    return result.findings.flatMap((finding) => {
      const chosen = severity[finding.rule];
      const level = chosen === 'default' ? finding.severity : chosen;
      return level === 'off' ? [] : [this.diagnostic(uri, result, finding, level)];
    });
  }

  private diagnostic(uri: vscode.Uri, result: DocumentResult, finding: Finding, severity: Severity): vscode.Diagnostic {
    const place = promptOf(result, finding);
    const isPartial = place !== undefined && place.prompt.status !== 'measured';
    const message = isPartial ? vscode.l10n.t('{0} (partial audit)', finding.message) : finding.message;
    const diagnostic = new vscode.Diagnostic(toRange(finding.range), message, severities[severity]);
    diagnostic.source = diagnosticSource;
    diagnostic.code = { value: finding.rule, target: this.rulesPage.with({ fragment: finding.rule }) };
    if (place !== undefined) {
      const answers = renderAnswers(place.prompt);
      diagnostic.relatedInformation = evidenceOf(finding, place.prompt, answers).map((evidence) =>
        evidence.kind === 'document'
          ? new vscode.DiagnosticRelatedInformation(new vscode.Location(uri, toRange(evidence.range)), evidence.message)
          : new vscode.DiagnosticRelatedInformation(
              new vscode.Location(answersUri(uri, place.index), new vscode.Position(evidence.line, 0)),
              evidence.message,
            ),
      );
    }
    return diagnostic;
  }
}

const severities: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

export function toRange({ start, end }: FileRange): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

/** The prompt that a finding is about. */
function promptOf(result: DocumentResult, finding: Finding): { prompt: PromptReport; index: number } | undefined {
  const byInstruction = result.prompts.findIndex(({ instructions }) =>
    instructions.some(({ id, range }) => id === finding.instruction && range.offsets[0] === finding.range.offsets[0]),
  );
  const index = byInstruction >= 0 ? byInstruction : (instructionAt(result, finding.range.start)?.promptIndex ?? -1);
  const prompt = result.prompts[index < 0 ? 0 : index];
  return prompt === undefined ? undefined : { prompt, index: Math.max(index, 0) };
}
