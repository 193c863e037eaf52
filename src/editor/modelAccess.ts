import type { LanguageModel } from '../runtime/languageModel.ts';
import {
  catalog,
  sizeText,
  type MissingModel,
  type PullableModel,
  type PullProgress,
  type ResolvedModel,
  type ResolveOptions,
} from '../runtime/models/index.ts';
import type { AuditSettings } from '../analyzer/settings.ts';
import { HoldfastError } from '../errors.ts';

export interface ModelPorts {
  resolve(
    idOrPath: string | undefined,
    signal: AbortSignal,
    options: ResolveOptions,
  ): Promise<ResolvedModel | MissingModel>;
  pull(idOrPath: string | undefined, signal: AbortSignal, options: ResolveOptions): Promise<ResolvedModel>;
  load(model: ResolvedModel, settings: AuditSettings, signal: AbortSignal): Promise<LanguageModel>;
  /** Asks before the first byte is fetched. */
  consent(model: PullableModel): Promise<boolean>;
  /** True when the file lies in a folder of a workspace that the user has not trusted. */
  isUntrusted(path: string): boolean;
  /** What is going on, for the progress that is shown. */
  announce(message: string): void;
}

/**
 * Gets the model of the settings: from this machine, else by a download that the user agreed to. A declined download
 * rejects with an abort, so that the audit ends as cancelled.
 */
export async function acquireModel(
  ports: ModelPorts,
  settings: AuditSettings,
  signal: AbortSignal,
): Promise<LanguageModel> {
  const named = settings.model === '' ? undefined : settings.model;
  const progress = (step: PullProgress): void => ports.announce(progressText(step));
  let found = await ports.resolve(named, signal, { progress });
  if ('missing' in found) {
    const agreed = await ports.consent(found.missing);
    signal.throwIfAborted();
    if (!agreed) throw new DOMException('The download of the model was declined.', 'AbortError');
    found = await ports.pull(named, signal, { progress });
  }
  if (ports.isUntrusted(found.path))
    throw new HoldfastError(
      'model-not-found',
      'The model lies in a workspace that is not trusted and is not loaded.',
      'Trust the workspace, or name a model outside it in holdfast.model.',
    );
  // A file that was named by its path may be a model that is known by content; reports then say which.
  const { sha256 } = found;
  const id = catalog.find((model) => model.sha256 === sha256)?.id ?? found.id;
  ports.announce(`Loading ${id}`);
  return ports.load({ ...found, id }, settings, signal);
}

/** One line about a step of resolving or pulling. */
export function progressText({ phase, done, total, source, reason }: PullProgress): string {
  const amount = total === 0 ? '' : `, ${sizeText(done)} of ${sizeText(total)}`;
  switch (phase) {
    case 'verify':
      return `Verifying the model${amount}`;
    case 'connect':
      return `Connecting to ${source}`;
    case 'download':
      return `Downloading the model from ${source}${amount}`;
    case 'extract':
      return `Extracting the model${amount}`;
    case 'source-failed':
      return `${source} did not work${reason === undefined ? '' : `: ${reason}`}`;
  }
}
