import type { Command } from 'commander';
import type { ModelLoader } from '../analyzer/audit.ts';
import { noResultStore, type ResultStore } from '../analyzer/resultStore.ts';
import { loadSettings, type AuditSettings } from '../analyzer/settings.ts';
import { HoldfastError } from '../errors.ts';
import type { PullableModel, PullProgress, ResolvedModel } from '../runtime/models/index.ts';
import type { Dependencies } from './dependencies.ts';
import type { Io } from './io.ts';
import type { Progress } from './progress.ts';

/** The model of one command: found before the work starts, loaded when first asked for, gone at `close`. */
export interface ModelSession {
  readonly load: ModelLoader;
  /** Results of earlier audits; none with `--no-cache`. */
  readonly results: ResultStore;
  close(): void;
}

/** Flags of the commands that run a model. */
export interface SessionFlags {
  readonly pull?: true;
  readonly cache: boolean;
}

export const addSessionFlags = (command: Command): Command =>
  command
    .option('--pull', 'Download the model when it is not on this machine.')
    .option('--no-cache', 'Measure again what was measured before, and keep no results.');

/** Finds the model that the settings name. Downloads only with `pull`. */
export async function openModelSession(
  settings: AuditSettings,
  { pull, cache }: SessionFlags,
  { io, progress, dependencies }: { io: Io; progress: Progress; dependencies: Dependencies },
): Promise<ModelSession> {
  const wanted = settings.model === '' ? undefined : settings.model;
  const options = { progress: pullProgress(progress) };
  const results = cache ? await dependencies.openResults() : noResultStore;
  const found = pull
    ? await dependencies.models.pull(wanted, io.signal, options)
    : await dependencies.models.resolve(wanted, io.signal, options);
  progress.stop();
  if ('missing' in found) {
    const { title } = found.missing;
    throw new HoldfastError(
      'model-not-found',
      `${title} is not on this machine.`,
      `${pullAdvice(found.missing)}, add --pull, or name a model file with --model.`,
    );
  }
  return modelSession(found, settings, results, { progress, dependencies });
}

function modelSession(
  model: ResolvedModel,
  settings: AuditSettings,
  results: ResultStore,
  { progress, dependencies }: { progress: Progress; dependencies: Dependencies },
): ModelSession {
  const engine = dependencies.openEngine();
  return {
    load: async (signal) => {
      const loaded = await engine.load({ model, ...loadSettings(settings) }, signal);
      for (const warning of loaded.info.warnings) progress.note(warning);
      return loaded;
    },
    results,
    close: () => engine.dispose(),
  };
}

/** How to get a model that is not here, without a full stop. */
export const pullAdvice = ({ id, bytes }: PullableModel): string =>
  `Run "holdfast models pull ${id}"${bytes === undefined ? '' : ` (${megabytes(bytes)})`}`;

export const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

/** Shows what a search or a download does. */
export function pullProgress(progress: Progress): (step: PullProgress) => void {
  return ({ phase, done, total, source, reason }) => {
    const share = total === 0 ? 0 : done / total;
    const amount = total === 0 ? '' : ` ${megabytes(done)} of ${megabytes(total)}`;
    switch (phase) {
      case 'verify':
        progress.update(share, `verifying ${source}`);
        break;
      case 'connect':
        progress.update(0, `connecting to ${source}`);
        break;
      case 'download':
        progress.update(share, `downloading${amount} from ${source}`);
        break;
      case 'extract':
        progress.update(share, `unpacking${amount} of ${source}`);
        break;
      case 'source-failed':
        progress.note(`${source} did not work: ${reason ?? 'unknown reason'}.`);
        break;
    }
  };
}
