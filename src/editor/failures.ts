import * as vscode from 'vscode';
import { HoldfastError, isAbortError, type HoldfastErrorCode } from '../errors.ts';

/** Tells the user why what they started failed, with what to do next. Aborts are not failures. */
export function showFailure(error: unknown, log: vscode.LogOutputChannel, retry: () => unknown): void {
  if (isAbortError(error)) return;
  const showLog = vscode.l10n.t('Show Log');
  const again = vscode.l10n.t('Try Again');
  const openSettings = vscode.l10n.t('Open Settings');
  const setToken = vscode.l10n.t('Set Hugging Face Token');
  const isExpected = error instanceof HoldfastError;
  if (isExpected)
    log.error([`${error.message} (${error.code})`, error.hint].filter((part) => part !== undefined).join(' '));
  else log.error(error instanceof Error ? error : String(error)); // a bug keeps its stack
  const message = isExpected
    ? [error.message, error.hint].filter((part) => part !== undefined).join(' ')
    : vscode.l10n.t('Holdfast failed: {0}', error instanceof Error ? error.message : String(error));
  const actions: Partial<Record<HoldfastErrorCode, string>> = {
    'invalid-settings': openSettings,
    'model-access': setToken,
  };
  const action = (isExpected ? actions[error.code] : undefined) ?? again;
  void vscode.window.showErrorMessage(message, action, showLog).then((choice) => {
    if (choice === showLog) log.show();
    else if (choice === again) return retry();
    else if (choice === setToken) return vscode.commands.executeCommand('holdfast.setHubToken');
    else if (choice === openSettings)
      return vscode.commands.executeCommand('workbench.action.openSettings', settingIn(message));
    return undefined;
  });
}

/** The exact id of the setting that an error names, so that the settings page shows only it. */
function settingIn(message: string): string {
  return /holdfast\.[A-Za-z.]*[A-Za-z]/.exec(message)?.[0] ?? 'holdfast';
}
