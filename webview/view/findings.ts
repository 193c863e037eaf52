import type { Finding, PromptReport, Severity } from '../../src/analyzer/report.ts';
import { findingsOf, suppressedOf } from '../../src/analyzer/findingsOf.ts';
import { ranked } from '../../src/analyzer/rules/ranked.ts';
import { text, type StringKey } from '../strings.ts';
import { disclosure, promptKey, type ReportContext } from './context.ts';
import { element } from './dom.ts';
import { severityIcon } from './icons.ts';

const severityNames: Record<Severity, StringKey> = {
  error: 'severityError',
  warning: 'severityWarning',
  information: 'severityInformation',
  hint: 'severityHint',
};

/** The findings of one prompt, worst first; each opens its place in the file. */
export function findingList(context: ReportContext, prompt: PromptReport): HTMLElement {
  const findings = ranked(findingsOf(context.report, prompt));
  if (findings.length === 0)
    return element(
      'p',
      { class: 'empty' },
      text(prompt.status === 'not-measured' ? 'noFindingsUnmeasured' : 'noFindings'),
    );
  return element(
    'ul',
    { class: 'findings' },
    ...findings.map((finding, index) => entry(context, `finding/${promptKey(prompt)}/${index}`, finding)),
  );
}

/** What markers in the prompt suppress: closed, and never without its count. */
export function suppressedList(context: ReportContext, prompt: PromptReport): HTMLElement | null {
  const findings = ranked(suppressedOf(context.report, prompt));
  if (findings.length === 0) return null;
  const key = `suppressed/${promptKey(prompt)}`;
  return disclosure(
    context,
    key,
    false,
    [text(findings.length === 1 ? 'suppressedOne' : 'suppressedMany', findings.length)],
    element(
      'ul',
      { class: 'findings' },
      ...findings.map((finding, index) => entry(context, `${key}/${index}`, finding)),
    ),
  );
}

function entry(context: ReportContext, key: string, finding: Finding): HTMLElement {
  const { severity, message, uri, range, rule, rung, likely } = finding;
  return element(
    'li',
    {},
    severityIcon(severity),
    element(
      'div',
      {},
      element(
        'button',
        {
          class: 'link',
          attributes: { type: 'button', 'data-key': key },
          on: { click: () => context.open(uri, range) },
        },
        element('span', { class: 'spoken' }, `${text(severityNames[severity])}: `),
        message,
      ),
      element(
        'span',
        { class: 'facts' },
        [rule, text('line', range.start.line + 1), text('rungText', rung), ...(likely ? [text('likely')] : [])].join(
          ' · ',
        ),
      ),
    ),
  );
}
