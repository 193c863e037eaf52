import type { Finding, PromptReport, Severity } from '../../src/analyzer/report.ts';
import { text, type StringKey } from '../strings.ts';
import { promptKey, type ReportContext } from './context.ts';
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
  const order = Object.keys(severityNames);
  const findings = findingsOf(context, prompt).sort(
    (a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || a.range.offsets[0] - b.range.offsets[0],
  );
  if (findings.length === 0)
    return element(
      'p',
      { class: 'empty' },
      text(prompt.status === 'not-measured' ? 'noFindingsUnmeasured' : 'noFindings'),
    );
  return element(
    'ul',
    { class: 'findings' },
    ...findings.map((finding, index) => entry(context, prompt, finding, index)),
  );
}

/** Findings carry a range; the one of a prompt lies inside the prompt's, because a file can hold several. */
export const findingsOf = ({ report }: ReportContext, { uri, range }: PromptReport): Finding[] =>
  report.findings.filter(
    (finding) =>
      finding.uri === uri &&
      finding.range.offsets[0] >= range.offsets[0] &&
      finding.range.offsets[1] <= range.offsets[1],
  );

function entry(context: ReportContext, prompt: PromptReport, finding: Finding, index: number): HTMLElement {
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
          attributes: { type: 'button', 'data-key': `finding/${promptKey(prompt)}/${index}` },
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
