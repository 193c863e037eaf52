import type { Report } from '../../src/analyzer/report.ts';
import { measuringMs } from '../../src/analyzer/timings.ts';
import { text } from '../strings.ts';
import { element } from './dom.ts';
import { duration } from './format.ts';
import { severityIcon, verdictIcon } from './icons.ts';

/** How the audit ended, so that a partial one can never look clean. */
export function outcomeBanner(report: Report): HTMLElement {
  const unmeasured = report.prompts.filter(({ status }) => status !== 'measured').length;
  const complete = report.outcome === 'completed' && unmeasured === 0 && report.prompts.length > 0;
  const severity = report.outcome === 'failed' ? 'error' : complete ? 'information' : 'warning';
  return element(
    'div',
    { class: `banner ${severity}`, attributes: { 'data-outcome': report.outcome } },
    complete ? verdictIcon('held') : severityIcon(severity),
    element(
      'div',
      {},
      element('strong', {}, text(report.outcome)),
      report.reason === null ? null : ` · ${report.reason}`,
      element('span', { class: 'explanation' }, ` · ${explanation(report, unmeasured)}`),
    ),
  );
}

function explanation(report: Report, unmeasured: number): string {
  if (report.outcome === 'cancelled') return text('cancelledText');
  if (report.outcome === 'failed') return text('failedText');
  if (report.prompts.length === 0) return text('noPrompts');
  if (unmeasured > 0) return text('completedPartialText', unmeasured, report.prompts.length);
  const total = measuringMs(report);
  const variants = report.prompts.reduce((sum, prompt) => sum + prompt.variants.length, 0);
  if (total === null) return text('completedEarlierText', report.prompts.length, variants);
  return text('completedText', report.prompts.length, variants, duration(total));
}
