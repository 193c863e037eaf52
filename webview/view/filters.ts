import { text } from '../strings.ts';
import { checkbox } from '../toolkit.ts';
import { policiesOf } from './columns.ts';
import type { ReportContext } from './context.ts';
import { element } from './dom.ts';
import { policyName } from './format.ts';

/** Which policies and which instructions the matrices and responses show. */
export function filterBar(context: ReportContext): HTMLElement {
  const hidden = new Set(context.view.hiddenPolicies);
  return element(
    'div',
    { class: 'filters', attributes: { role: 'group', 'aria-label': text('filters') } },
    ...policiesOf(context.report).map((policy) =>
      checkbox(policyName(context.report, policy), !hidden.has(policy), (shown) => {
        if (shown) hidden.delete(policy);
        else hidden.add(policy);
        context.filter({ hiddenPolicies: [...hidden] });
      }),
    ),
    element('span', { class: 'separator', attributes: { 'aria-hidden': 'true' } }),
    checkbox(text('onlyAffected'), context.view.onlyAffected, (onlyAffected) => context.filter({ onlyAffected })),
  );
}
