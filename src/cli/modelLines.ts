import { gigabytes, keeperNames, parametersText, sizeText, type ListedModel } from '../runtime/models/index.ts';

/** A model of the list as three lines: what to call it, what it is, where it is or why it cannot be used. */
export function modelLines(model: ListedModel): string {
  const { id, title } = model;
  const lines = [id === title ? id : `${id}  ${title}`, ...facts(model).map((line) => `  ${line}`)];
  return `${lines.join('\n')}\n`;
}

function facts(model: ListedModel): string[] {
  const { architecture, parameters, quantisation, bytes, licence, status, memory } = model;
  const known = [
    architecture,
    parameters === undefined ? undefined : `${parametersText(parameters)} parameters`,
    quantisation,
    bytes === undefined ? undefined : sizeText(bytes),
    status === 'unreadable' ? undefined : (licence ?? 'licence unknown'),
    memory === undefined ? undefined : memoryText(memory),
  ].filter((fact) => fact !== undefined);
  return [known.join(', '), ...place(model)].filter((line) => line !== '');
}

function memoryText({ bytes, usable, fits }: NonNullable<ListedModel['memory']>): string {
  const need = `about ${gigabytes(bytes)} of memory`;
  return fits ? `needs ${need}` : `does not fit here: needs ${need} of ${gigabytes(usable)}`;
}

function place({ id, status, reason, keeper, path }: ListedModel): string[] {
  const where = keeper === undefined ? undefined : `${keeperNames[keeper]}: ${path ?? ''}`;
  switch (status) {
    case 'ready':
      return [where ?? ''];
    case 'missing':
      return [`not here: holdfast models pull ${id}`];
    case 'unsupported':
      return [`cannot be used: ${reason ?? ''}`, where ?? ''];
    case 'unreadable':
      return [`cannot be read: ${reason ?? ''}`, where ?? ''];
  }
}

/** The same for `--format json`: without the functions of the catalog's entry, with what only it knows. */
export function modelJson({ catalog, ...model }: ListedModel): object {
  return {
    ...model,
    catalog: catalog === undefined ? null : { licenceNote: catalog.licenceNote ?? null, tried: catalog.tried },
  };
}
