import type { Report } from '../analyzer/report.ts';
import type { RunState } from './auditRunner.ts';
import type { DocumentResult, DocumentState } from './results.ts';

/** What the status bar item is about: the active document, when it can be audited. */
export interface ActiveDocument {
  readonly name: string;
  readonly state: DocumentState;
  readonly result: DocumentResult | undefined;
}

export interface StatusView {
  readonly text: string;
  readonly tooltip: string;
  /** Said by screen readers instead of the text with its icon. */
  readonly label: string;
  readonly command: string;
}

/** Text, tooltip and command of the status bar item; `undefined` hides it. */
export function statusView(run: RunState, active: ActiveDocument | undefined): StatusView | undefined {
  if (run.kind === 'running') {
    const percent = Math.floor(run.fraction * 100);
    const phase = run.message === '' ? 'starting' : run.message;
    return view(
      `$(sync~spin) Holdfast ${percent} %`,
      `Auditing, ${percent} %: ${phase}`,
      'Select to cancel.',
      'holdfast.cancel',
    );
  }
  if (run.kind === 'failed')
    return view(
      '$(error) Holdfast: failed',
      `The audit failed. ${run.reason}`,
      'Select to show the log.',
      'holdfast.showLog',
    );
  if (active === undefined) return undefined;
  const audit = 'Select to audit it.';
  switch (active.state) {
    case 'unknown':
      return run.kind === 'cancelled'
        ? view('$(circle-slash) Holdfast: cancelled', 'The audit was cancelled.', audit, 'holdfast.auditPrompt')
        : view('$(shield) Holdfast', `${active.name} is not audited.`, audit, 'holdfast.auditPrompt');
    case 'outdated':
      return view(
        '$(history) Holdfast: outdated',
        `${active.name} changed after it was audited; its results are hidden.`,
        'Select to audit it again.',
        'holdfast.auditPrompt',
      );
    case 'current':
      return resultView(active.name, active.result!);
  }
}

function resultView(name: string, { findings, prompts, report }: DocumentResult): StatusView {
  const count = `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`;
  const incomplete = prompts.find(({ status }) => status !== 'measured');
  if (incomplete !== undefined || prompts.length === 0) {
    const reason = incomplete?.statusReason ?? 'The audit ended before it was complete.';
    const measured = prompts.some(({ status }) => status !== 'not-measured');
    return measured
      ? view(
          `$(warning) Holdfast: partial, ${count}`,
          `${name} is measured only in part. ${reason}`,
          'Select to show the report.',
          'holdfast.showReport',
        )
      : view(
          '$(warning) Holdfast: not measured',
          `${name} is not measured. ${reason}`,
          'Select to audit it.',
          'holdfast.auditPrompt',
        );
  }
  const icon = findings.length === 0 ? '$(pass)' : '$(shield)';
  return view(
    `${icon} Holdfast: ${findings.length === 0 ? 'no findings' : count}`,
    `${name}: ${count} under the audited policies and ratios.${deviceText(report.model)}`,
    'Select to show the report.',
    'holdfast.showReport',
  );
}

/** Where the model ran, and what has to be known about that. */
function deviceText(model: Report['model']): string {
  if (model === null) return '';
  return [` The model ran on ${model.device} (${model.deviceReason}).`, ...model.warnings].join('\n\n');
}

function view(text: string, what: string, action: string, command: string): StatusView {
  return { text, tooltip: `${what}\n\n${action}`, label: `Holdfast. ${what} ${action}`, command };
}
