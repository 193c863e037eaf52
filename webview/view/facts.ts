import type { FactReport, PromptReport, Verdict } from '../../src/analyzer/report.ts';
import { askedFacts, verdictOfFact, type FactVerdict } from '../../src/analyzer/facts/factVerdict.ts';
import { text, type StringKey } from '../strings.ts';
import { columnsOf, type Column } from './columns.ts';
import { promptKey, type ReportContext } from './context.ts';
import { element, uniqueId } from './dom.ts';
import { percent, variantName } from './format.ts';
import { verdictIcon } from './icons.ts';
import { columnHead, startsPolicy } from './matrix.ts';

/** The verdict of an instruction that a fact's looks like. */
const looks: Readonly<Record<FactVerdict, Verdict>> = {
  lost: 'evicted',
  unsettled: 'weakened',
  'not-measured': 'not-measured',
  stated: 'held',
};
const words: Readonly<Record<FactVerdict, StringKey>> = {
  lost: 'factLost',
  unsettled: 'factUnsettled',
  'not-measured': 'not-measuredShort',
  stated: 'factStated',
};

/** What each cache says where the prompt states a fact; nothing where no fact was asked for. */
export function facts(context: ReportContext, prompt: PromptReport): HTMLElement[] {
  const { compared, unknown } = askedFacts(prompt);
  if (compared.length + unknown.length === 0) return [];
  return [
    element(
      'div',
      { class: 'part known-facts' },
      element('h3', {}, text('facts')),
      compared.length > 0 && table(context, prompt, compared),
      unknown.length > 0 && element('p', { class: 'empty' }, text('factsUnknown')),
      unknown.length > 0 &&
        element(
          'ul',
          { class: 'plain' },
          ...unknown.map((fact) =>
            element('li', {}, opener(context, prompt, fact), ' ', text('factSays', fact.full!.said)),
          ),
        ),
    ),
  ];
}

function table(context: ReportContext, prompt: PromptReport, compared: readonly FactReport[]): HTMLElement {
  const columns = columnsOf(context.report, prompt, context.view.hiddenPolicies);
  if (columns.length === 0) return element('p', { class: 'empty' }, text('noPolicies'));
  const captionId = uniqueId('facts');
  return element(
    'div',
    { class: 'scroller', attributes: { tabindex: 0, role: 'region', 'aria-labelledby': captionId } },
    element(
      'table',
      { class: 'matrix', attributes: { 'aria-labelledby': captionId } },
      element('caption', { attributes: { id: captionId }, class: 'spoken' }, text('factsCaption')),
      columnHead(text('fact'), columns),
      element('tbody', {}, ...compared.map((fact) => row(context, prompt, fact, columns))),
    ),
  );
}

function row(context: ReportContext, prompt: PromptReport, fact: FactReport, columns: readonly Column[]): HTMLElement {
  const line = text('line', fact.range.start.line + 1);
  return element(
    'tr',
    {},
    element(
      'th',
      { attributes: { scope: 'row' } },
      opener(context, prompt, fact),
      ' ',
      element('span', { class: 'facts' }, [line, text('factLogProb', fact.full!.logProb.toFixed(1))].join(' · ')),
    ),
    ...columns.map((column, index) => cell(fact, column, startsPolicy(columns, index))),
  );
}

const opener = (context: ReportContext, prompt: PromptReport, fact: FactReport): HTMLElement =>
  element(
    'button',
    {
      class: 'link instruction',
      attributes: {
        type: 'button',
        title: `${fact.leadIn}${fact.text}`,
        'aria-label': text('openInstruction', fact.range.start.line + 1, `${fact.leadIn}${fact.text}`),
        'data-key': `fact/${promptKey(prompt)}/${fact.id}`,
      },
      on: { click: () => context.open(prompt.uri, fact.range) },
    },
    fact.leadIn,
    element('strong', {}, fact.text),
  );

function cell(fact: FactReport, column: Column, startsGroup: boolean): HTMLElement {
  const measured = column.variant?.facts?.find(({ id }) => id === fact.id);
  const verdict = verdictOfFact(measured);
  const word = text(words[verdict]);
  const isAsked = measured !== undefined && measured.askedAt === undefined;
  const isOther = isAsked && measured.outcome !== 'stated';
  const details = [
    ...(isOther ? [text('factSays', measured.said)] : []),
    ...(isAsked ? [text('factLogProb', measured.logProb.toFixed(1))] : []),
    ...(measured?.askedAt === undefined ? [] : [text('factFollows', percent(measured.askedAt))]),
  ];
  return element(
    'td',
    {
      class: `cell fact ${looks[verdict]}${startsGroup ? ' group' : ''}`,
      attributes: { title: [`${variantName(column)}: ${word}`, ...details].join('. '), 'data-fact': verdict },
    },
    element('span', { class: 'retention' }, verdictIcon(looks[verdict]), word),
    isOther && element('span', { class: 'word' }, measured.said),
  );
}
