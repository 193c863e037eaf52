import type { PromptReport } from '../../src/analyzer/report.ts';
import { largestLeak } from '../../src/analyzer/variants/comparison.ts';
import { text } from '../strings.ts';
import { circumstances } from './circumstances.ts';
import { columnsOf, isLostUnder, matrixVariants } from './columns.ts';
import { promptKey, type ReportContext } from './context.ts';
import { details } from './details.ts';
import { element, uniqueId, type Child } from './dom.ts';
import { equalBytes, unmeasured } from './equalBytes.ts';
import { facts } from './facts.ts';
import { findingList, suppressedList } from './findings.ts';
import { fixes } from './fixes.ts';
import { fileName, percent, percentOrNone, readablePath, variantName } from './format.ts';
import { severityIcon } from './icons.ts';
import { matrix } from './matrix.ts';
import { responses } from './responses.ts';

/** Everything about one prompt. The evidence panel is handed back so that a selection redraws only it. */
export function promptSection(
  context: ReportContext,
  prompt: PromptReport,
): { readonly node: HTMLElement; readonly showDetails: () => void } {
  const headingId = uniqueId('prompt');
  const evidence = element('div', {}, details(context, prompt));
  const node = element(
    'section',
    { class: 'prompt', attributes: { 'aria-labelledby': headingId, 'data-uri': prompt.uri } },
    element(
      'header',
      {},
      element('h2', { attributes: { id: headingId } }, fileName(prompt.uri)),
      prompt.status !== 'measured' &&
        element('span', { class: 'tag' }, text(prompt.status === 'partial' ? 'partial' : 'notMeasured')),
      element(
        'button',
        {
          class: 'link path',
          attributes: {
            type: 'button',
            'aria-label': text('openPrompt', readablePath(prompt.uri)),
            'data-key': `prompt/${promptKey(prompt)}`,
          },
          on: { click: () => context.open(prompt.uri, prompt.range) },
        },
        readablePath(prompt.uri),
      ),
    ),
    statusBanner(prompt),
    circumstances(context, prompt),
    summary(context, prompt),
    part(text('findings'), findingList(context, prompt), suppressedList(context, prompt)),
    part(text('matrix'), matrix(context, prompt), evidence),
    ...facts(context, prompt),
    ...equalBytes(prompt),
    ...unmeasured(prompt),
    part(text('responses'), responses(context, prompt)),
    part(text('fixes'), fixes(context, prompt)),
  );
  return { node, showDetails: () => evidence.replaceChildren(details(context, prompt)) };
}

const part = (heading: string, ...content: readonly Child[]): HTMLElement =>
  element('div', { class: 'part' }, element('h3', {}, heading), ...content);

function statusBanner(prompt: PromptReport): HTMLElement | null {
  if (prompt.status === 'measured') return null;
  const reason = prompt.statusReason ?? text('noReason');
  return element(
    'div',
    { class: 'banner warning' },
    severityIcon('warning'),
    element('div', {}, text(prompt.status === 'partial' ? 'partialText' : 'notMeasuredText', reason)),
  );
}

/** Counts over the whole grid, whatever the filter shows. */
function summary({ report }: ReportContext, prompt: PromptReport): HTMLElement {
  const columns = columnsOf(report, prompt);
  const measured = columns.filter(({ variant }) => variant !== null);
  const lost = prompt.instructions.filter((instruction) => columns.some((column) => isLostUnder(column, instruction)));
  const leaks = matrixVariants(prompt).flatMap((variant) => {
    const leak = largestLeak(variant);
    return leak === null ? [] : [{ variant, leak }];
  });
  const worst = leaks.toSorted((a, b) => b.leak - a.leak)[0];
  const figure = (value: string, label: string): HTMLElement =>
    element(
      'div',
      {},
      element('dd', { class: value === text('notMeasured') ? 'unmeasured' : '' }, value),
      element('dt', {}, label),
    );
  return element(
    'dl',
    { class: 'summary' },
    figure(prompt.promptTokens === null ? text('notMeasured') : String(prompt.promptTokens), text('tokens')),
    figure(String(prompt.instructions.length), text('instructions')),
    figure(
      measured.length === 0 ? text('notMeasured') : text('ofTotal', lost.length, prompt.instructions.length),
      text('lostSomewhere'),
    ),
    figure(text('ofTotal', measured.length, columns.length), text('variantsMeasured')),
    figure(percentOrNone(prompt.fullLeak?.directives ?? null), text('leakFull')),
    worst !== undefined && worst.leak > (prompt.fullLeak?.directives ?? 0)
      ? figure(percent(worst.leak), text('leakWorst', variantName(worst.variant)))
      : element('div'),
  );
}
