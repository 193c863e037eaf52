import { checkText, survivalText } from '../../src/analyzer/rules/behaviorWording.ts';
import type {
  InstructionReport,
  Leak,
  ProbeReport,
  PromptReport,
  VariantInstruction,
} from '../../src/analyzer/report.ts';
import { probeText } from '../../src/analyzer/rules/probeText.ts';
import { text, type StringKey } from '../strings.ts';
import { button, dropdown } from '../toolkit.ts';
import { cellOf, columnsOf, type Column } from './columns.ts';
import { comparison, probeKind } from './comparison.ts';
import { promptKey, type ReportContext } from './context.ts';
import { element, uniqueId } from './dom.ts';
import { leakWords, measure, nats, percent, percentOrNone, variantName } from './format.ts';
import { verdictIcon } from './icons.ts';

/** The evidence for one instruction under one variant, or the hint how to get there. */
export function details(context: ReportContext, prompt: PromptReport): HTMLElement {
  const { selected } = context.view;
  const instruction =
    selected?.prompt === promptKey(prompt)
      ? prompt.instructions.find(({ id }) => id === selected.instruction)
      : undefined;
  const column =
    selected?.prompt === promptKey(prompt)
      ? columnsOf(context.report, prompt).find(({ id }) => id === selected.variant)
      : undefined;
  if (instruction === undefined || column === undefined)
    return element('section', { class: 'details none' }, element('p', { class: 'empty' }, text('detailsEmpty')));

  const cell = cellOf(column, instruction);
  const verdict = cell?.verdict ?? 'not-measured';
  const missing = text(column.variant === null ? 'variantMissing' : 'instructionMissing');
  const headingId = uniqueId('details');
  return element(
    'section',
    {
      class: 'details',
      attributes: { 'aria-labelledby': headingId },
      on: { keydown: ({ key }) => key === 'Escape' && context.select(null, { focus: true }) },
    },
    element(
      'header',
      {},
      element(
        'h3',
        { attributes: { id: headingId, tabindex: -1, 'data-key': `details/${promptKey(prompt)}` } },
        verdictIcon(verdict),
        `${variantName(column)}: ${text(verdict)}`,
      ),
      button(text('close'), 'secondary', () => context.select(null, { focus: true })),
    ),
    element('blockquote', {}, instruction.text),
    element(
      'p',
      {},
      `${text(`${instruction.kind}Kind`)}, ${text('line', instruction.range.start.line + 1)}: ${cell === null ? missing : cell.reason}`,
    ),
    element('dl', { class: 'evidence' }, ...evidence(prompt, instruction, column)),
    answers(prompt, instruction, column),
  );
}

function evidence(prompt: PromptReport, instruction: InstructionReport, column: Column): HTMLElement[] {
  const cell = cellOf(column, instruction);
  const { variant } = column;
  const entry = (label: StringKey, value: string, fact?: string): HTMLElement =>
    element(
      'div',
      {},
      element('dt', {}, text(label)),
      element('dd', {}, value, ...(fact === undefined ? [] : [' ', element('span', { class: 'facts' }, fact)])),
    );
  return [
    entry(
      'retention',
      percentOrNone(cell?.retention ?? null),
      variant !== null && prompt.promptTokens !== null
        ? text('retentionAgainst', percent(variant.keptTokens / prompt.promptTokens))
        : undefined,
    ),
    typeof cell?.loss === 'number'
      ? entry(
          'loss',
          cell.loss.toFixed(2),
          cell.lossProbe === null ? undefined : text('lossProbe', probeText(prompt, cell.lossProbe)),
        )
      : entry('loss', text('lossNone')),
    ...prescribedEntry(prompt, cell, entry),
    instruction.influence === null
      ? entry('influence', text('notMeasured'))
      : entry(
          'influence',
          `${measure(instruction.influence.nats)} ${text('meanKlUnit')}`,
          text('lossProbe', probeText(prompt, instruction.influence.probe)),
        ),
    ...(typeof cell?.preference === 'number'
      ? [entry('preference', cell.preference.toFixed(2), text('preferenceText'))]
      : []),
    ...(typeof cell?.rescue === 'number'
      ? [entry('rescue', percent(Math.max(0, cell.rescue)), text('rescueText'))]
      : []),
    ...(typeof cell?.risk === 'number' ? [entry('risk', percent(cell.risk), text('riskText'))] : []),
    ...instruction.checks.map((check) => {
      const survival = cell?.checks.find((each) => each.check === check.check);
      const said = [checkText(check), ...(survival === undefined ? [] : [survivalText(survival)])].join('; ');
      return entry('sampled', said, text('sampledText', check.asks));
    }),
    ...(variant === null
      ? []
      : [
          entry(
            'keptTokens',
            prompt.promptTokens === null
              ? String(variant.keptTokens)
              : text('ofTotal', variant.keptTokens, prompt.promptTokens),
          ),
          ...(variant.notes.length === 0 ? [] : [entry('notes', variant.notes.join('; '))]),
        ]),
  ];
}

/** What becomes of the answer that the instruction prescribes. */
function prescribedEntry(
  prompt: PromptReport,
  cell: VariantInstruction | null,
  entry: (label: StringKey, value: string, fact?: string) => HTMLElement,
): HTMLElement[] {
  const prescribed = cell?.prescribed;
  if (prescribed === undefined) return [];
  const [full, without] = [nats(prescribed.logProbFull), nats(prescribed.logProbWithout)];
  const value =
    prescribed.logProb === null
      ? text('prescribedNotAsked', full, without)
      : text('prescribedText', nats(prescribed.logProb), full, without);
  return [entry('prescribed', value, text('prescribedFact', prescribed.text, probeText(prompt, prescribed.probe)))];
}

/** The probe that says most about the instruction comes first; the others can be chosen. */
function answers(prompt: PromptReport, instruction: InstructionReport, column: Column): HTMLElement {
  const first = cellOf(column, instruction)?.lossProbe ?? instruction.influence?.probe ?? prompt.probes[0]?.id;
  const probe = prompt.probes.find(({ id }) => id === first) ?? prompt.probes[0];
  if (probe === undefined) return element('p', { class: 'empty' }, text('noResponses'));
  const shown = element('div', {}, answer(prompt, probe, column));
  return element(
    'div',
    { class: 'answers' },
    element(
      'div',
      { class: 'choice' },
      element('span', { attributes: { 'aria-hidden': 'true' } }, text('probe')),
      dropdown(
        text('probe'),
        prompt.probes.map((each) => ({ value: each.id, label: `${probeKind(each)}: ${each.text}` })),
        probe.id,
        (id) => {
          const chosen = prompt.probes.find((each) => each.id === id);
          if (chosen !== undefined) shown.replaceChildren(answer(prompt, chosen, column));
        },
      ),
    ),
    shown,
  );
}

function answer(prompt: PromptReport, probe: ProbeReport, column: Column): HTMLElement {
  const response = column.variant?.responses.find((each) => each.probe === probe.id);
  const leakLine = (key: StringKey, leak: Leak): HTMLElement => element('p', {}, leakWords(key, leak));
  return element(
    'div',
    {},
    comparison(probe, response, variantName(column)),
    response?.leak !== null && response?.leak !== undefined && leakLine('leakText', response.leak),
    probe.kind === 'extraction' && prompt.fullLeak !== null && leakLine('leakFullText', prompt.fullLeak),
  );
}
