import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { ask, hasPage, setAfterEach, until } from './harness.ts';

export const extensionId = 'holdfast.holdfast';
export const acme = vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, 'acme-bank/system.md');

/** A grid that takes a second or two: one policy, one ratio, short answers. */
export const smallGrid = { policies: ['streaming-llm'], ratios: [0.5], maxResponseTokens: 24 } as const;

let seed = 0;

/** A setting that no audit of this run had: it is measured, not taken from earlier results. */
export const unmeasured = (): { seed: number } => ({ seed: ++seed });

export async function activated(): Promise<vscode.Extension<unknown>> {
  const extension = vscode.extensions.getExtension(extensionId);
  assert.ok(extension, 'the extension is installed');
  await extension.activate();
  return extension;
}

export async function open(uri: vscode.Uri): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
}

const configured = new Set<string>();

/** Sets settings until the end of the test. */
export async function configure(values: Readonly<Record<string, unknown>>): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('holdfast');
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) configured.delete(key);
    else configured.add(key);
    await configuration.update(key, value, vscode.ConfigurationTarget.Global);
  }
}

export const auditPrompt = (): Thenable<unknown> => vscode.commands.executeCommand('holdfast.auditPrompt');

export function findings(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Holdfast');
}

export function ruleOf({ code }: vscode.Diagnostic): string {
  return typeof code === 'object' ? String(code.value) : '';
}

export async function hoverAt(uri: vscode.Uri, position: vscode.Position): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', uri, position);
  return hovers
    .flatMap(({ contents }) => contents)
    .map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))
    .join('\n');
}

/** Every message that was shown since the last reset; `answer` is what the user presses. */
export const messages: string[] = [];
let answer: string | undefined;
const original = {
  showErrorMessage: vscode.window.showErrorMessage,
  showWarningMessage: vscode.window.showWarningMessage,
  showInformationMessage: vscode.window.showInformationMessage,
};
for (const name of Object.keys(original) as (keyof typeof original)[])
  vscode.window[name] = (message: string) => {
    messages.push(message);
    return Promise.resolve(answer);
  };

export function answerMessagesWith(choice: string | undefined): void {
  answer = choice;
}

/** Process ids of living engine children of this extension host (Linux). */
export function engineChildren(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, state, parent] = /\) (\S) (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return (
          parent === String(process.pid) &&
          state !== 'Z' &&
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('engine.cjs')
        );
      } catch {
        return false;
      }
    });
}

/** Undoes what a test changed. */
setAfterEach(async () => {
  await vscode.commands.executeCommand('holdfast.cancel');
  await vscode.commands.executeCommand('holdfast.clear');
  answer = undefined;
  for (const document of vscode.workspace.textDocuments)
    if (document.isDirty && !document.isClosed) {
      await vscode.window.showTextDocument(document);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  await configure(Object.fromEntries([...configured].map((key) => [key, undefined])));
  messages.length = 0;
});

export async function replaceText(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, document.validateRange(new vscode.Range(0, 0, Number.MAX_SAFE_INTEGER, 0)), text);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

/** Resolves when an audit has started to measure: the engine runs. */
export function measuring(): Promise<number> {
  return until('the engine to start', () => engineChildren()[0]);
}

/** Waits until the status bar item says so to a screen reader; passes where no page can be read. */
export async function statusSays(pattern: RegExp): Promise<void> {
  if (!hasPage) return;
  let text = '';
  try {
    await until('the status', async () => pattern.test((text = (await ask({ kind: 'status' })).text ?? '')), 3000);
  } catch {
    assert.match(text, pattern);
  }
}
