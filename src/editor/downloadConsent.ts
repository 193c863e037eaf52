import * as vscode from 'vscode';
import { sizeText, sourceName, type PullableModel } from '../runtime/models/index.ts';

/** A decision of the user's, so it is asked in the middle of the screen, once, before anything is fetched. */
export async function askForDownload({ title, bytes, licence, licenceNote, sources }: PullableModel): Promise<boolean> {
  const download = vscode.l10n.t('Download');
  const facts = [
    vscode.l10n.t('Size: {0}', bytes === undefined ? vscode.l10n.t('as the Hub says') : sizeText(bytes)),
    vscode.l10n.t('Licence: {0}', licence ?? vscode.l10n.t('unknown, see its page on the Hub')),
    ...(licenceNote === undefined ? [] : [licenceNote]),
    vscode.l10n.t('Source: {0}', sources.map(sourceName).join(vscode.l10n.t(', else '))),
  ].join('\n');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('Download the model {0}?', title),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Audits run on a local model, and this one is not on this machine yet.\n\n{0}\n\nThe file is checked by its sha256. Prompts never leave this machine.',
        facts,
      ),
    },
    download,
  );
  return choice === download;
}
