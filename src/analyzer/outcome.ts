import type { Prompt } from './prompt.ts';
import type { PromptReport, Report } from './report.ts';

export type AuditPhase =
  | 'load'
  | 'prefill'
  | 'answers'
  | 'influence'
  | 'loss'
  | 'prescribed'
  | 'responses'
  | 'preference'
  | 'facts'
  | 'behavior'
  | 'reorder';

/** One step of an audit. `prompt` carries the results so far, so a consumer can show them before the end. */
export interface AuditProgress {
  readonly phase: AuditPhase;
  /** Share of the whole audit that is done, 0..1, never falling. */
  readonly fraction: number;
  readonly message: string;
  readonly prompt?: PromptReport;
}

/** How an audit ended, with what was measured so far. `report.outcome` says the same as `status`. */
export interface AuditOutcome {
  readonly status: 'completed' | 'cancelled' | 'failed';
  readonly report: Report;
  /** The error of a failed audit. */
  readonly error?: Error;
}

/** The whole audit as a stream: `for await` the progress, the return value is the outcome. */
export type Audit = AsyncGenerator<AuditProgress, AuditOutcome, void>;

export interface AuditInput {
  readonly prompt: Prompt;
  /** The file's text that `prompt` was found in, to turn ranges into lines. */
  readonly fileText: string;
  /** Reads the prompt again out of a changed file; needed to write an edit into notations other than plain text. */
  readonly reread?: (fileText: string) => Promise<Prompt | undefined>;
}
