import * as vscode from 'vscode';
import { AnswersProvider, answersScheme } from './editor/answersProvider.ts';
import { AuditRunner, type RunnerPorts } from './editor/auditRunner.ts';
import { commandHandlers, type Services } from './editor/commands.ts';
import { registerCommands } from './editor/commandTable.ts';
import { ConfigDiagnostics } from './editor/configDiagnostics.ts';
import { contextKeys } from './editor/contextKeys.ts';
import { Diagnostics } from './editor/diagnostics.ts';
import { auditableDocuments, openText } from './editor/documents.ts';
import { editorMachine } from './editor/editorMachine.ts';
import { EngineOwner } from './editor/engineOwner.ts';
import { followDocuments } from './editor/freshness.ts';
import { EvidenceHoverProvider } from './editor/hovers.ts';
import { LiveSettings } from './editor/liveSettings.ts';
import { Measurements } from './editor/measurements.ts';
import { promptExtraction } from './editor/promptExtraction.ts';
import { ReorderingActions, ReorderingProvider, reorderingScheme } from './editor/reordering.ts';
import { ReportPanel } from './editor/reportPanel.ts';
import { Results } from './editor/results.ts';
import { StatusBar } from './editor/statusBar.ts';
import { WorkspaceConfigs } from './editor/workspaceConfigs.ts';

let engine: EngineOwner | undefined;

/** Wires the editor to the analyzer. Loads no model and starts no process: the first audit does. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Holdfast', { log: true });
  const results = new Results();
  const configs = new WorkspaceConfigs(log);
  const settings = new LiveSettings(configs);
  const owner = new EngineOwner(
    context.extensionUri,
    log,
    (message) => runner.announce(message),
    () => editorMachine(settings.editor(undefined), context.secrets),
  );
  const measurements = new Measurements(context.extensionUri);
  const extract = promptExtraction(configs);
  const ports: RunnerPorts = {
    extract,
    audit: measurements.audit,
    loadModel: (auditSettings, signal) => owner.loadModel(auditSettings, signal),
    currentText: openText,
    results,
    log,
  };
  const runner = new AuditRunner(ports);
  const rulesPage = vscode.Uri.joinPath(context.extensionUri, 'docs', 'rules.md');
  const diagnostics = new Diagnostics(results, (uri) => settings.editor(uri), rulesPage);
  const rerun = (): unknown => vscode.commands.executeCommand('holdfast.auditPrompt');
  const panel = new ReportPanel(context.extensionUri, results, runner, rerun, extract, log);
  const services: Services = { context, runner, ports, measurements, results, settings, panel, log };
  engine = owner;

  context.subscriptions.push(
    log,
    configs,
    new ConfigDiagnostics(),
    owner,
    diagnostics,
    panel,
    new StatusBar(runner, results),
    ...contextKeys(runner, results),
    ...followDocuments(results, settings, diagnostics),
    ...registerCommands(commandHandlers(services)),
    vscode.languages.registerHoverProvider({ scheme: '*' }, new EvidenceHoverProvider(results)),
    vscode.languages.registerCodeActionsProvider(
      auditableDocuments,
      new ReorderingActions(results),
      ReorderingActions.metadata,
    ),
    registerContent(answersScheme, new AnswersProvider(results)),
    registerContent(reorderingScheme, new ReorderingProvider(results)),
  );
}

/** Ends the child process at once; the editor disposes the subscriptions afterwards. */
export function deactivate(): void {
  engine?.dispose();
  engine = undefined;
}

function registerContent(scheme: string, provider: vscode.TextDocumentContentProvider): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, provider);
}
