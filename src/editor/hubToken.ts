import * as vscode from 'vscode';
import type { Services } from './commands.ts';
import { hubTokenStore } from './editorMachine.ts';

/** Asks for a token and keeps it in the editor's secret storage. */
export async function setHubToken({ context }: Pick<Services, 'context'>): Promise<void> {
  const token = await vscode.window.showInputBox({
    title: vscode.l10n.t('Hugging Face Token'),
    prompt: vscode.l10n.t(
      'For private and gated models. It is kept in the secret storage of the editor and sent only to the Hub and to the hubs of holdfast.hubEndpoints. A token with read access is enough.',
    ),
    placeHolder: 'hf_...',
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (/^\S+$/u.test(text.trim()) ? undefined : vscode.l10n.t('A token has no blanks.')),
  });
  if (token === undefined) return;
  await hubTokenStore(context.secrets).set(token.trim());
  void vscode.window.showInformationMessage(vscode.l10n.t('The Hugging Face token is set.'));
}

/** Forgets the token. One that the environment or the Hugging Face tools keep is theirs and is used again. */
export async function clearHubToken({ context }: Pick<Services, 'context'>): Promise<void> {
  await hubTokenStore(context.secrets).clear();
  void vscode.window.showInformationMessage(vscode.l10n.t('The Hugging Face token is cleared.'));
}
