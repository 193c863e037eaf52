import * as vscode from 'vscode';
import { listModels } from '../runtime/models/index.ts';
import { megabytes } from './modelAccess.ts';
import { section } from './settingKeys.ts';
import type { Services } from './commands.ts';

interface ModelItem extends vscode.QuickPickItem {
  /** Value of `holdfast.model`; `undefined` browses for a file. */
  readonly value: string | undefined;
}

/** Lets the user choose the model of every audit; writes `holdfast.model` of the user's settings. */
export async function selectModel({ log }: Pick<Services, 'log'>): Promise<void> {
  const chosen = await vscode.window.showQuickPick(items(), {
    title: vscode.l10n.t('Model of Holdfast audits'),
    placeHolder: vscode.l10n.t('Models run on this machine'),
    matchOnDescription: true,
  });
  if (chosen === undefined) return;
  const value = chosen.value ?? (await browse());
  if (value === undefined) return;
  await vscode.workspace.getConfiguration(section).update('model', value, vscode.ConfigurationTarget.Global);
  log.info('The model was changed; the next audit uses it.');
}

async function items(): Promise<ModelItem[]> {
  const listed = await listModels(new AbortController().signal);
  return [
    ...listed.map(({ model, located }) => ({
      label: model.title,
      description:
        located === undefined
          ? vscode.l10n.t('downloaded when needed, after asking')
          : vscode.l10n.t('on this machine'),
      detail: `${model.id} · ${megabytes(model.bytes)} · ${model.licence}`,
      value: model.id,
    })),
    { label: '', kind: vscode.QuickPickItemKind.Separator, value: undefined },
    {
      label: vscode.l10n.t('Choose a GGUF file...'),
      description: vscode.l10n.t('any local model of a supported architecture'),
      value: undefined,
    },
  ];
}

async function browse(): Promise<string | undefined> {
  const files = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Choose a GGUF file'),
    openLabel: vscode.l10n.t('Use This Model'),
    canSelectMany: false,
    filters: { GGUF: ['gguf'], [vscode.l10n.t('All files')]: ['*'] },
  });
  return files?.[0]?.fsPath;
}
