import type { Finding, PromptReport, RuleId, Severity } from '../report.ts';
import type { AuditSettings } from '../settings.ts';

/** What a rule reads of the settings: the grid that was asked for, and the thresholds. */
export type RuleSettings = Pick<AuditSettings, 'policies' | 'ratios' | 'caches' | 'influenceFloor' | 'leakThreshold'>;

/** One kind of finding. Its id is the finding's code, its file's name in camelCase, and its anchor in docs/rules.md. */
export interface Rule {
  readonly id: RuleId;
  readonly title: string;
  /** Severity of the ordinary case; a check may lower it and says when in its docs. */
  readonly severity: Severity;
  readonly docs: {
    readonly what: string;
    readonly why: string;
    readonly example: string;
    readonly whatToDo: string;
  };
  /** Findings of one prompt, measured or partly measured. Reads only; what was not measured is never a finding. */
  check(prompt: PromptReport, settings: RuleSettings): Generator<Finding, void, void>;
}
