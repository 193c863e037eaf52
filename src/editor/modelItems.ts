import type * as vscode from 'vscode';
import { gigabytes, keeperNames, parametersText, sizeText, type ListedModel } from '../runtime/models/index.ts';

/** The part of `vscode.l10n` that texts are made with. */
export type Localizer = Pick<typeof vscode.l10n, 't'>;

/** One line of the model picker. */
export interface ModelItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly model: ListedModel;
}

export interface ModelSection {
  readonly title: string;
  readonly items: readonly ModelItem[];
}

/** The models of a list as the picker shows them; sections without a model are left out. */
export function modelSections(listed: readonly ListedModel[], l10n: Localizer): ModelSection[] {
  const own = (model: ListedModel): boolean => model.keeper === 'holdfast' || model.keeper === 'user';
  const ready = listed.filter(({ status }) => status === 'ready');
  const sections: readonly (readonly [string, readonly ListedModel[]])[] = [
    [l10n.t('On this machine'), ready.filter(own)],
    [l10n.t('Of other programs'), ready.filter((model) => !own(model))],
    [l10n.t('To download'), listed.filter(({ status }) => status === 'missing')],
    [l10n.t('Cannot be used'), listed.filter(({ reason }) => reason !== undefined)],
  ];
  return sections
    .filter(([, models]) => models.length > 0)
    .map(([title, models]) => ({ title, items: models.map((model) => modelItem(model, l10n)) }));
}

function modelItem(model: ListedModel, l10n: Localizer): ModelItem {
  const { id, title, architecture, parameters, quantisation, bytes, licence, status, keeper, path } = model;
  const facts = [
    id === title ? undefined : id,
    architecture,
    parameters === undefined ? undefined : l10n.t('{0} parameters', parametersText(parameters)),
    quantisation,
    bytes === undefined ? undefined : sizeText(bytes),
    status === 'unreadable' ? undefined : (licence ?? l10n.t('licence unknown')),
    keeper === undefined ? undefined : keeper === 'user' ? path : keeperNames[keeper],
  ].filter((fact) => fact !== undefined);
  // A picker cannot disable a line; the icon and the reason say that choosing it leads nowhere.
  const icon = { ready: '', missing: '$(cloud-download) ', unsupported: '$(circle-slash) ', unreadable: '$(warning) ' };
  return {
    label: `${icon[status]}${title}`,
    description: model.reason ?? fitText(model, l10n),
    detail: facts.join(' · '),
    model,
  };
}

function fitText({ memory }: ListedModel, l10n: Localizer): string {
  if (memory === undefined) return '';
  const need = gigabytes(memory.bytes);
  return memory.fits
    ? l10n.t('fits: about {0} of memory', need)
    : l10n.t('does not fit here: needs {0} of {1}', need, gigabytes(memory.usable));
}
