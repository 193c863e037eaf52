import type { ProbeReport, PromptReport, ResponseReport } from '../../src/analyzer/report.ts';
import { text } from '../strings.ts';
import { columnsOf, type Column } from './columns.ts';
import { probeKind } from './comparison.ts';
import { disclosure, promptKey, type ReportContext } from './context.ts';
import { element } from './dom.ts';
import { leakWords, variantNames } from './format.ts';

interface Answered {
  readonly column: Column;
  readonly response: ResponseReport;
}

/** Every answer to every probe; variants that answered alike share one entry. */
export function responses(context: ReportContext, prompt: PromptReport): HTMLElement {
  const answered = prompt.probes.filter(({ response }) => response !== null);
  if (answered.length === 0 && !prompt.variants.some((variant) => variant.responses.length > 0))
    return element('p', { class: 'empty' }, text('noResponses'));
  return element('div', {}, ...prompt.probes.map((probe) => probeAnswers(context, prompt, probe)));
}

function probeAnswers(context: ReportContext, prompt: PromptReport, probe: ProbeReport): HTMLElement {
  const answers = columnsOf(context.report, prompt, context.view.hiddenPolicies).flatMap((column): Answered[] => {
    const response = column.variant?.responses.find((each) => each.probe === probe.id);
    return response === undefined ? [] : [{ column, response }];
  });
  const same = answers.filter(({ response }) => response.text === probe.response);
  const different = Map.groupBy(
    answers.filter(({ response }) => response.text !== probe.response),
    ({ response }) => response.text,
  );
  const count = answers.length - same.length;
  return disclosure(
    context,
    `probe/${promptKey(prompt)}/${probe.id}`,
    false,
    [
      probe.text,
      ' ',
      element(
        'span',
        { class: 'facts' },
        [probeKind(probe), answers.length === 0 ? text('allFiltered') : text('differsIn', count, answers.length)].join(
          ' · ',
        ),
      ),
    ],
    element(
      'dl',
      { class: 'responses' },
      element('dt', {}, text('fullAnswer')),
      element('dd', {}, answerText(probe.response)),
      ...[...different.values()].flatMap((group) => [
        element('dt', {}, variantNames(group.map(({ column }) => column))),
        element('dd', {}, answerText(group[0]!.response.text), responseFacts(group[0]!.response)),
      ]),
    ),
    same.length > 0 &&
      element('p', { class: 'facts' }, text('sameAsFull', variantNames(same.map(({ column }) => column)))),
  );
}

const answerText = (answer: string | null): HTMLElement =>
  answer === null || answer === ''
    ? element('p', { class: 'empty' }, text(answer === null ? 'answerNone' : 'answerEmpty'))
    : element('blockquote', {}, answer);

function responseFacts({ leak, truncated }: ResponseReport): HTMLElement | null {
  const facts = [
    ...(leak === null ? [] : [leakWords('leakText', leak)]),
    ...(truncated ? [text('answerTruncated')] : []),
  ];
  return facts.length === 0 ? null : element('p', { class: 'facts' }, facts.join(' '));
}
