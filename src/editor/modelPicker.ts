import * as vscode from 'vscode';
import { isAbortError } from '../errors.ts';
import { listModels, pullModel, type ListedModel, type Machine } from '../runtime/models/index.ts';
import type { Services } from './commands.ts';
import { askForDownload } from './downloadConsent.ts';
import { editorMachine } from './editorMachine.ts';
import { showFailure } from './failures.ts';
import { progressText } from './modelAccess.ts';
import { modelSections } from './modelItems.ts';
import { section } from './settingKeys.ts';

interface PickerItem extends vscode.QuickPickItem {
  /** What choosing it does; absent for separators. */
  readonly choose?: () => Promise<Choice>;
}

/** The value of `holdfast.model` to set, `again` to show the picker once more, or nothing. */
type Choice = { readonly value: string } | 'again' | undefined;

/** Lets the user choose the model of every audit; writes `holdfast.model` of the user's settings. */
export async function selectModel(services: Pick<Services, 'context' | 'settings' | 'log'>): Promise<void> {
  const { context, settings, log } = services;
  try {
    const machine = editorMachine(settings.editor(undefined), context.secrets);
    const { memoryLimit } = settings.audit(undefined);
    let choice: Choice = 'again';
    while (choice === 'again') choice = await (await pick(machine, memoryLimit))?.choose?.();
    if (choice === undefined) return;
    await vscode.workspace.getConfiguration(section).update('model', choice.value, vscode.ConfigurationTarget.Global);
    log.info('The model was changed; the next audit uses it.');
  } catch (error) {
    showFailure(error, log, () => selectModel(services));
  }
}

async function pick(machine: Machine, memoryLimit: string): Promise<PickerItem | undefined> {
  const looking = new AbortController();
  const items = listModels(looking.signal, { machine, memoryLimit }).then((listed) => pickerItems(listed, machine));
  items.catch(() => undefined); // nobody waits for it any more once the picker was dismissed
  try {
    return await vscode.window.showQuickPick(items, {
      title: vscode.l10n.t('Model of Holdfast audits'),
      placeHolder: vscode.l10n.t('Models run on this machine'),
      matchOnDescription: true,
      matchOnDetail: true,
    });
  } finally {
    looking.abort(); // dismissed before everything was found
  }
}

function pickerItems(listed: readonly ListedModel[], machine: Machine): PickerItem[] {
  const models = modelSections(listed, vscode.l10n).flatMap(({ title, items }): PickerItem[] => [
    { label: title, kind: vscode.QuickPickItemKind.Separator },
    ...items.map((item) => ({ ...item, choose: () => choose(item.model, machine) })),
  ]);
  return [
    ...models,
    { label: vscode.l10n.t('Something else'), kind: vscode.QuickPickItemKind.Separator },
    {
      label: `$(file) ${vscode.l10n.t('Choose a GGUF file...')}`,
      description: vscode.l10n.t('any local model of a supported architecture'),
      choose: () => browse({ title: vscode.l10n.t('Choose a GGUF file'), files: true }),
    },
    {
      label: `$(folder) ${vscode.l10n.t('Choose a model folder...')}`,
      description: vscode.l10n.t('with config.json and safetensors'),
      choose: () => browse({ title: vscode.l10n.t('Choose a model folder'), files: false }),
    },
    {
      label: `$(key) ${vscode.l10n.t('Set a Hugging Face token...')}`,
      description: vscode.l10n.t('for private and gated models'),
      choose: async () => {
        await vscode.commands.executeCommand('holdfast.setHubToken');
        return 'again';
      },
    },
  ];
}

async function choose(model: ListedModel, machine: Machine): Promise<Choice> {
  switch (model.status) {
    case 'ready':
      return { value: model.id };
    case 'missing':
      return (await download(model, machine)) ? { value: model.id } : 'again';
    case 'unsupported':
    case 'unreadable':
      await vscode.window.showInformationMessage(
        vscode.l10n.t('{0} cannot be used: {1}.', model.title, model.reason ?? ''),
        { modal: true },
      );
      return 'again';
  }
}

/** Fetches a model after asking. False when the user declined or cancelled; what has arrived is kept. */
async function download({ id, catalog }: ListedModel, machine: Machine): Promise<boolean> {
  if (catalog === undefined || !(await askForDownload(catalog))) return false;
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('Holdfast: downloading {0}', catalog.title),
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    let percent = 0;
    try {
      await pullModel(id, controller.signal, {
        machine,
        progress: (step) => {
          const now = step.total === 0 ? 0 : Math.floor((100 * step.done) / step.total);
          progress.report({ message: progressText(step), increment: Math.max(0, now - percent) });
          percent = Math.max(percent, now);
        },
      });
      return true;
    } catch (error) {
      if (isAbortError(error)) return false;
      throw error;
    }
  });
}

async function browse({ title, files }: { readonly title: string; readonly files: boolean }): Promise<Choice> {
  const chosen = await vscode.window.showOpenDialog({
    title,
    openLabel: vscode.l10n.t('Use This Model'),
    canSelectMany: false,
    canSelectFiles: files,
    canSelectFolders: !files,
    ...(files ? { filters: { GGUF: ['gguf'], [vscode.l10n.t('All files')]: ['*'] } } : {}),
  });
  const path = chosen?.[0]?.fsPath;
  return path === undefined ? undefined : { value: path };
}
