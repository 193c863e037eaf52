import type { LanguageModel } from '../runtime/languageModel.ts';
import type { Audit, AuditInput } from './outcome.ts';
import type { AuditSettings } from './settings.ts';

/** Gets the model when the audit needs it; may load it. */
export type ModelLoader = (signal: AbortSignal) => Promise<LanguageModel>;

/** Audits prompts one after the other. Never throws for expected failures: the outcome says so. */
export async function* audit(
  _inputs: readonly AuditInput[],
  _loadModel: ModelLoader,
  _settings: AuditSettings,
  _signal: AbortSignal,
): Audit {
  await Promise.resolve();
  yield { phase: 'load', fraction: 0, message: '' };
  throw new Error('not written yet');
}
