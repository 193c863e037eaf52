import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { readSavedState, receiveFromWebview, type HostMessage } from '../../webview/protocol.ts';
import type { FileRange, Report } from '../analyzer/report.ts';
import type { AuditRunner, AuditTarget, RunnerPorts } from './auditRunner.ts';
import { toRange } from './diagnostics.ts';
import { readTarget } from './documents.ts';
import { reportHtml } from './reportHtml.ts';
import { textsOfReport } from './restoreReport.ts';
import type { Results } from './results.ts';

const viewType = 'holdfast.report';
const nonceBytes = 24;

/** The one report panel: created on request, restored with the window, fed by messages. */
export class ReportPanel implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private panel: vscode.WebviewPanel | undefined;
  private isReady = false;
  private pending: HostMessage[] = [];
  private readonly subscriptions: { dispose(): unknown }[];

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly results: Results,
    private readonly runner: AuditRunner,
    private readonly rerun: () => void,
    private readonly extract: RunnerPorts['extract'],
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.subscriptions = [
      results.onDidChange(() => this.postReport()),
      runner.onDidChangeState(() => this.postProgress()),
      vscode.window.registerWebviewPanelSerializer(viewType, this),
    ];
  }

  /** Opens the report beside the editor, or brings the open one to the front. */
  show(): void {
    if (this.panel !== undefined) {
      this.panel.reveal(undefined, false);
      return;
    }
    const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    this.attach(vscode.window.createWebviewPanel(viewType, vscode.l10n.t('Holdfast Report'), column));
  }

  /** Opens the report at one instruction. */
  reveal(uri: string, instruction: string): void {
    this.show();
    this.post({ type: 'reveal', uri, instruction });
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const report = readSavedState(state)?.shown?.report;
    if (report !== undefined && this.results.latestReport() === undefined) await this.restore(report);
    if (this.panel === undefined) this.attach(panel);
    else panel.dispose();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.panel?.dispose();
  }

  private async restore(report: Report): Promise<void> {
    const read = async (uri: string): Promise<AuditTarget | undefined> => {
      const target = await readTarget(vscode.Uri.parse(uri, true));
      return 'text' in target ? target : undefined;
    };
    this.results.restore(report, await textsOfReport(report, read, this.extract));
  }

  private attach(panel: vscode.WebviewPanel): void {
    const root = vscode.Uri.joinPath(this.extensionUri, 'dist', 'webview');
    this.panel = panel;
    this.isReady = false;
    panel.webview.options = { enableScripts: true, localResourceRoots: [root] };
    panel.iconPath = vscode.Uri.joinPath(this.extensionUri, 'media', 'icon.png');
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.isReady = false;
      this.pending = [];
    });
    // A hidden webview is torn down; when it comes back its script says `ready` again and gets the present report.
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.isReady = false;
    });
    panel.webview.onDidReceiveMessage((data: unknown) => this.receive(data));
    const resource = (name: string): string => panel.webview.asWebviewUri(vscode.Uri.joinPath(root, name)).toString();
    panel.webview.html = reportHtml({
      scriptUri: resource('report.js'),
      styleUri: resource('report.css'),
      cspSource: panel.webview.cspSource,
      nonce: randomBytes(nonceBytes).toString('base64url'),
      language: vscode.env.language,
      title: panel.title,
    });
  }

  private receive(data: unknown): void {
    const received = receiveFromWebview(data);
    if ('problem' in received) {
      this.log.warn(`Report panel: ${received.problem}`);
      return;
    }
    const { message } = received;
    switch (message.type) {
      case 'ready':
        this.isReady = true;
        this.postReport();
        this.postProgress();
        for (const waiting of this.pending.splice(0)) this.post(waiting);
        break;
      case 'open':
        void this.open(message.uri, message.range);
        break;
      case 'rerun':
        this.rerun();
        break;
    }
  }

  private async open(uri: string, range: FileRange): Promise<void> {
    // Only documents of the report: a message must not be a way to open arbitrary files.
    if (!this.results.has(uri)) {
      this.log.warn('Report panel: ignored a request to open a document that is not in the report.');
      return;
    }
    try {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri, true));
      const shown = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
      const column = shown?.viewColumn ?? vscode.ViewColumn.One;
      await vscode.window.showTextDocument(document, { selection: toRange(range), viewColumn: column });
    } catch (error) {
      this.log.error(error instanceof Error ? error : String(error));
    }
  }

  private postReport(): void {
    const report = this.results.latestReport();
    if (report === undefined) return;
    const outdated = report.prompts.filter(({ uri }) => this.results.state(uri) === 'outdated').length;
    const notice =
      outdated === 0
        ? null
        : vscode.l10n.t('A document changed after it was audited; its results are hidden. Audit it again.');
    this.post({ type: 'report', report, notice });
  }

  private postProgress(): void {
    const { state } = this.runner;
    if (state.kind === 'running') this.post({ type: 'progress', fraction: state.fraction, message: state.message });
    else this.postReport();
  }

  private post(message: HostMessage): void {
    if (this.panel === undefined) return;
    if (this.isReady) void this.panel.webview.postMessage(message);
    else if (message.type === 'reveal') this.pending = [message];
  }
}
