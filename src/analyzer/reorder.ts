import type { ModelLoader } from './audit.ts';
import type { AuditInput, AuditProgress } from './outcome.ts';
import type { Fix, Report } from './report.ts';
import type { AuditSettings } from './settings.ts';

export interface ReorderOutcome {
  readonly status: 'completed' | 'cancelled' | 'failed';
  /** The best order whose measurement improved; null when none did. */
  readonly fix: Fix | null;
  /** Why there is none, or how many orders were tried. */
  readonly reason: string;
  /** The audit of the order as it stands. */
  readonly before: Report;
  readonly error?: Error;
}

/** Searches orders of the prompt's blocks, re-simulates the promising ones, and offers the best only if it measured better. */
export async function* reorder(
  _input: AuditInput,
  _loadModel: ModelLoader,
  _settings: AuditSettings,
  _signal: AbortSignal,
): AsyncGenerator<AuditProgress, ReorderOutcome, void> {
  await Promise.resolve();
  yield { phase: 'reorder', fraction: 0, message: '' };
  throw new Error('not written yet');
}
