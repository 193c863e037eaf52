import * as vscode from 'vscode';
import type { AuditSettings } from '../analyzer/settings.ts';
import { HoldfastError } from '../errors.ts';
import type { AuditRunner, AuditTarget, RunnerPorts, RunResult } from './auditRunner.ts';
import type { CommandHandlers } from './commandTable.ts';
import { debugInformation } from './debugInformation.ts';
import { findWorkspacePrompts, isAuditable, targetOf } from './documents.ts';
import { showFailure } from './failures.ts';
import { clearHubToken, setHubToken } from './hubToken.ts';
import type { Measurements } from './measurements.ts';
import { selectModel } from './modelPicker.ts';
import {
  currentFix,
  fixEdit,
  fixPlaceOf,
  fixSummary,
  previewUri,
  reorderingScheme,
  type FixPlace,
} from './reordering.ts';
import type { ReportPanel } from './reportPanel.ts';
import type { Results } from './results.ts';
import type { LiveSettings } from './liveSettings.ts';

export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly runner: AuditRunner;
  readonly ports: RunnerPorts;
  readonly measurements: Measurements;
  readonly results: Results;
  readonly settings: LiveSettings;
  readonly panel: ReportPanel;
  readonly log: vscode.LogOutputChannel;
}

/** What each command does. Commands that were started by the user answer to the user; findings never do. */
export function commandHandlers(services: Services): CommandHandlers {
  const { runner, results, panel, log } = services;
  const auditPrompt = async (uri?: unknown): Promise<void> => {
    const document = await documentOf(uri);
    if (document === undefined || !isAuditable(document)) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('Open a Markdown or text file with a system prompt to audit it.'),
      );
      return;
    }
    await auditTargets(services, [targetOf(document)], vscode.l10n.t('Holdfast: auditing {0}', nameOf(document)), () =>
      auditPrompt(document.uri),
    );
  };
  const auditWorkspace = async (): Promise<void> => {
    const found = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Holdfast: finding prompts') },
      (_, token) => findWorkspacePrompts(services.settings, token),
    );
    for (const { uri, reason } of found.notRead) log.warn(`${uri} is not audited: ${reason}.`);
    await auditTargets(services, found.targets, vscode.l10n.t('Holdfast: auditing the workspace'), auditWorkspace);
  };
  return {
    'holdfast.auditPrompt': auditPrompt,
    'holdfast.auditWorkspace': auditWorkspace,
    'holdfast.cancel': () => runner.cancel(),
    'holdfast.clear': () => {
      results.clear();
      runner.reset();
    },
    'holdfast.showReport': () => panel.show(),
    'holdfast.showLog': () => log.show(),
    'holdfast.copyDebugInformation': () => vscode.env.clipboard.writeText(debugInformation(services)),
    'holdfast.selectModel': () => selectModel(services),
    'holdfast.setHubToken': () => setHubToken(services),
    'holdfast.clearHubToken': () => clearHubToken(services),
    'holdfast.suggestReordering': (place?: unknown) => suggestReordering(services, place),
    'holdfast.previewReordering': (place?: unknown) => previewReordering(services, place as FixPlace),
    'holdfast.applyReordering': (place?: unknown) => applyReordering(services, place),
  };
}

/** Runs an audit with a notification that can cancel it. Resolves when it has settled. */
async function auditTargets(
  services: Services,
  targets: readonly AuditTarget[],
  title: string,
  retry: () => Promise<void>,
): Promise<void> {
  const { runner, settings, log } = services;
  try {
    if (targets.length === 0)
      throw new HoldfastError(
        'no-prompts',
        vscode.l10n.t('No prompt files were found in the workspace.'),
        vscode.l10n.t('Open a system prompt and run Holdfast: Audit This Prompt.'),
      );
    await settings.configs.load();
    const settingsOf = (uri: string): AuditSettings => settings.audit(vscode.Uri.parse(uri, true));
    for (const { uri } of targets) settingsOf(uri); // wrong settings are told before anything is read
    const result = await withCancellableProgress<RunResult | undefined>(services, title, (signal) =>
      runner.run(targets, settingsOf, signal),
    );
    if (result?.outcome.status === 'failed' && result.outcome.error !== undefined)
      showFailure(result.outcome.error, log, retry);
  } catch (error) {
    showFailure(error, log, retry);
  }
}

/** Frees the runner, then runs the work under a notification; `undefined` when the user kept what was running. */
async function withCancellableProgress<T>(
  { runner }: Services,
  title: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  if (runner.isRunning) {
    const replace = vscode.l10n.t('Cancel It and Start This One');
    const choice = await vscode.window.showInformationMessage(vscode.l10n.t('Another audit is running.'), replace);
    if (choice !== replace) return undefined;
    await runner.cancel();
  }
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const controller = new AbortController();
    const cancelled = token.onCancellationRequested(() => controller.abort());
    const shown = { percent: 0, message: '' };
    // Every update draws the notification again, under the pointer that is about to press Cancel: only visible changes are told.
    const update = (percent: number, message: string): void => {
      const increment = Math.floor(Math.min(percent, 100)) - shown.percent;
      if (increment <= 0 && message === shown.message) return;
      progress.report({ increment: Math.max(increment, 0), message });
      shown.percent += Math.max(increment, 0);
      shown.message = message;
    };
    const announced = runner.onDidChangeState((state) => {
      if (state.kind === 'running') update(state.fraction * 100, state.message);
    });
    try {
      return await work(controller.signal);
    } finally {
      announced.dispose();
      cancelled.dispose();
    }
  });
}

async function suggestReordering(services: Services, requested: unknown): Promise<void> {
  const { runner, ports, measurements, results, settings, log } = services;
  const place = (requested as FixPlace | undefined) ?? (await placeAtCursor(services));
  if (place === undefined) return;
  const uri = vscode.Uri.parse(place.document, true);
  const document = await vscode.workspace.openTextDocument(uri);
  const target = targetOf(document);
  try {
    const { inputs, reads } = await ports.extract(target);
    const input = inputs[place.promptIndex];
    if (input === undefined) return;
    const auditSettings = settings.audit(uri);
    const outcome = await withCancellableProgress(
      services,
      vscode.l10n.t('Holdfast: searching an order for {0}', nameOf(document)),
      (signal) =>
        runner.exclusive(signal, (linked) =>
          measurements.reorder(
            input,
            (loadSignal) => ports.loadModel(auditSettings, loadSignal),
            auditSettings,
            linked,
          ),
        ),
    );
    if (outcome === undefined) return;
    runner.finish(outcome);
    if (outcome.status === 'failed') {
      showFailure(outcome.error ?? new Error(outcome.reason), log, () => suggestReordering(services, place));
      return;
    }
    // The search audits the prompt as it stands first; keep that when nothing better is known.
    const known = results.get(place.document);
    if (known === undefined && outcome.before.prompts.some(({ status }) => status !== 'not-measured'))
      results.publish(outcome.before, new Map([[target.uri, { text: target.text, reads }]]), (key) =>
        ports.currentText(key),
      );
    if (outcome.status === 'cancelled') return;
    if (outcome.fix === null) {
      void vscode.window.showInformationMessage(vscode.l10n.t('No better order was found. {0}', outcome.reason));
      return;
    }
    if (document.getText() !== target.text) {
      log.info(`${place.document} changed while orders were tried; the result is not offered.`);
      void vscode.window.showInformationMessage(
        vscode.l10n.t('The prompt changed while orders were tried, so the result is not offered. Search again.'),
      );
      return;
    }
    results.addFix(place.document, place.promptIndex, outcome.fix);
    await previewReordering(services, place);
  } catch (error) {
    showFailure(error, log, () => suggestReordering(services, place));
  }
}

async function previewReordering(services: Services, place: FixPlace): Promise<void> {
  const fix = currentFix(services.results, place);
  if (fix === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('The prompt changed after the order was verified. Search again.'),
    );
    return;
  }
  const document = vscode.Uri.parse(place.document, true);
  const title = vscode.l10n.t('Verified order: {0}', fixSummary(fix));
  await vscode.commands.executeCommand('vscode.diff', document, previewUri(place), title);
  const apply = vscode.l10n.t('Apply');
  const message = [vscode.l10n.t('Measured again with the new order: {0}.', fixSummary(fix)), ...fix.cautions].join(
    ' ',
  );
  void vscode.window.showInformationMessage(message, apply).then((choice) => {
    if (choice === apply) return applyReordering(services, place);
    return undefined;
  });
}

async function applyReordering({ results }: Services, requested: unknown): Promise<void> {
  const place = placeOfRequest(requested);
  const fix = place === undefined ? undefined : currentFix(results, place);
  if (place === undefined || fix === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('The prompt changed after the order was verified. Search again.'),
    );
    return;
  }
  const document = vscode.Uri.parse(place.document, true);
  await vscode.workspace.applyEdit(fixEdit(document, fix, false), { isRefactoring: true });
  await closePreview(place);
}

/** The place named by the caller, by the preview whose title button was pressed, or by the active preview. */
function placeOfRequest(requested: unknown): FixPlace | undefined {
  if (requested instanceof vscode.Uri) return requested.scheme === reorderingScheme ? fixPlaceOf(requested) : undefined;
  if (requested !== undefined) return requested as FixPlace;
  const active = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return active instanceof vscode.TabInputTextDiff && active.modified.scheme === reorderingScheme
    ? fixPlaceOf(active.modified)
    : undefined;
}

async function closePreview(place: FixPlace): Promise<void> {
  const preview = previewUri(place).toString();
  const tabs = vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputTextDiff && input.modified.toString() === preview);
  if (tabs.length > 0) await vscode.window.tabGroups.close(tabs);
}

async function placeAtCursor({ ports }: Services): Promise<FixPlace | undefined> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || !isAuditable(editor.document)) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Open a Markdown or text file with a system prompt first.'),
    );
    return undefined;
  }
  const { prompts } = await ports.extract(targetOf(editor.document));
  const offset = editor.document.offsetAt(editor.selection.active);
  const holding = prompts.findIndex(({ segments }) =>
    segments.some(({ file }) => file.start <= offset && offset <= file.end),
  );
  return { document: editor.document.uri.toString(), promptIndex: Math.max(holding, 0) };
}

async function documentOf(uri: unknown): Promise<vscode.TextDocument | undefined> {
  if (uri instanceof vscode.Uri) return vscode.workspace.openTextDocument(uri);
  return vscode.window.activeTextEditor?.document;
}

function nameOf(document: vscode.TextDocument): string {
  return vscode.workspace.asRelativePath(document.uri);
}
