import * as vscode from 'vscode';

/** Every command of the extension; the manifest contributes exactly these (a test compares them). */
export const commandIds = [
  'holdfast.auditPrompt',
  'holdfast.auditWorkspace',
  'holdfast.cancel',
  'holdfast.showReport',
  'holdfast.clear',
  'holdfast.suggestReordering',
  'holdfast.previewReordering',
  'holdfast.applyReordering',
  'holdfast.selectModel',
  'holdfast.setHubToken',
  'holdfast.clearHubToken',
  'holdfast.showLog',
  'holdfast.copyDebugInformation',
] as const;

export type CommandId = (typeof commandIds)[number];

/** A handler per command: a missing one does not compile. */
export type CommandHandlers = Readonly<Record<CommandId, (argument?: unknown) => unknown>>;

export function registerCommands(handlers: CommandHandlers): vscode.Disposable[] {
  return commandIds.map((id) => vscode.commands.registerCommand(id, handlers[id]));
}
