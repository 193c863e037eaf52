import { settingsOf } from '../../src/analyzer/settingsOf.ts';
import type { InstructionReport, PromptReport, VariantReport } from '../../src/analyzer/report.ts';
import { largestLeak, leakOf } from '../../src/analyzer/variants/comparison.ts';
import { text, type StringKey } from '../strings.ts';
import { cellOf, columnsOf, needsAttention, type Column } from './columns.ts';
import { promptKey, type ReportContext } from './context.ts';
import { element, uniqueId, type Child } from './dom.ts';
import { kibibytes, measure, percent, percentOrNone, variantName } from './format.ts';
import { roveFocus } from './gridFocus.ts';
import { severityIcon, verdictIcon } from './icons.ts';

/** Instructions (rows, in file order) by variants (columns), with the measures of each variant below. */
export function matrix(context: ReportContext, prompt: PromptReport): HTMLElement {
  const instructions = prompt.instructions.toSorted((a, b) => a.range.offsets[0] - b.range.offsets[0]);
  if (instructions.length === 0) return element('p', { class: 'empty' }, text('noInstructions'));
  const columns = columnsOf(context.report, prompt, context.view.hiddenPolicies);
  if (columns.length === 0) return element('p', { class: 'empty' }, text('noPolicies'));

  const shown = instructions.filter(
    (instruction) =>
      !context.view.onlyAffected || columns.some((column) => needsAttention(cellOf(column, instruction))),
  );
  const rows = shown.map((instruction) => instructionRow(context, prompt, instruction, columns));
  roveFocus(
    rows.map(({ stops }) => stops),
    startOf(context, prompt, shown, columns),
  );

  const captionId = uniqueId('matrix');
  const table = element(
    'table',
    { class: 'matrix', attributes: { role: 'grid', 'aria-labelledby': captionId } },
    element('caption', { attributes: { id: captionId }, class: 'spoken' }, text('matrixCaption')),
    columnHead(text('instruction'), columns),
    element('tbody', {}, ...rows.map(({ row }) => row)),
    element('tbody', { class: 'measures' }, ...measureRows(context, prompt, columns)),
  );
  const hiddenCount = instructions.length - shown.length;
  return element(
    'div',
    {},
    element('div', { class: 'scroller' }, table),
    hiddenCount > 0 &&
      element(
        'p',
        { class: 'empty' },
        shown.length === 0
          ? text('allHidden', instructions.length)
          : text('hiddenRows', hiddenCount, instructions.length),
      ),
  );
}

/** The cell that Tab enters: the selected one, else the first instruction. */
function startOf(
  { view }: ReportContext,
  prompt: PromptReport,
  instructions: readonly InstructionReport[],
  columns: readonly Column[],
): [number, number] {
  const { selected } = view;
  if (selected?.prompt !== promptKey(prompt)) return [0, 0];
  const row = instructions.findIndex(({ id }) => id === selected.instruction);
  const column = columns.findIndex(({ id }) => id === selected.variant);
  return row < 0 || column < 0 ? [0, 0] : [row, column + 1];
}

export const startsPolicy = (columns: readonly Column[], index: number): boolean =>
  index === 0 || columns[index - 1]!.group !== columns[index]!.group;

/** The two rows above a table with a column for each variant: policies, and their ratios. */
export function columnHead(rows: string, columns: readonly Column[]): HTMLElement {
  const groups = [...Map.groupBy(columns, ({ group }) => group)];
  return element(
    'thead',
    {},
    element(
      'tr',
      {},
      element('th', { class: 'corner', attributes: { scope: 'col', rowspan: 2 } }, rows),
      ...groups.map(([group, { length }]) =>
        element('th', { class: 'policy', attributes: { scope: 'colgroup', colspan: length } }, group),
      ),
    ),
    element(
      'tr',
      {},
      ...columns.map((column, index) =>
        element(
          'th',
          {
            class: startsPolicy(columns, index) ? 'ratio group' : 'ratio',
            attributes: { scope: 'col', title: variantName(column) },
          },
          column.ratio === 0 ? text('allKept') : percent(column.ratio),
        ),
      ),
    ),
  );
}

interface Row {
  readonly row: HTMLElement;
  /** What the arrow keys stop at, from left to right. */
  readonly stops: readonly HTMLElement[];
}

function instructionRow(
  context: ReportContext,
  prompt: PromptReport,
  instruction: InstructionReport,
  columns: readonly Column[],
): Row {
  const line = instruction.range.start.line + 1;
  const opener = element(
    'button',
    {
      class: 'link instruction',
      attributes: {
        type: 'button',
        title: `${text(`${instruction.kind}Kind`)}: ${instruction.text}`,
        'aria-label': text('openInstruction', line, instruction.text),
        'data-key': `instruction/${promptKey(prompt)}/${instruction.id}`,
      },
      on: { click: () => context.open(prompt.uri, instruction.range) },
    },
    instruction.text,
  );
  const influence =
    instruction.influence === null ? text('influenceNone') : text('influenceText', measure(instruction.influence.nats));
  const cells = columns.map((column, index) =>
    cell(context, prompt, instruction, column, startsPolicy(columns, index)),
  );
  const row = element(
    'tr',
    {},
    element(
      'th',
      { attributes: { scope: 'row' } },
      opener,
      ' ',
      element('span', { class: 'facts' }, [text('line', line), influence].join(' · ')),
    ),
    ...cells,
  );
  return { row, stops: [opener, ...cells] };
}

function cell(
  context: ReportContext,
  prompt: PromptReport,
  instruction: InstructionReport,
  column: Column,
  startsGroup: boolean,
): HTMLElement {
  const found = cellOf(column, instruction);
  const verdict = found?.verdict ?? 'not-measured';
  const { selected } = context.view;
  const selection = { prompt: promptKey(prompt), instruction: instruction.id, variant: column.id };
  const isSelected =
    selected?.prompt === promptKey(prompt) && selected.instruction === instruction.id && selected.variant === column.id;
  const facts = [
    found?.retention === null || found?.retention === undefined
      ? undefined
      : `${text('retention')} ${percent(found.retention)}`,
    found?.loss === null || found?.loss === undefined ? undefined : `${text('loss')} ${found.loss.toFixed(2)}`,
    found === null ? text(column.variant === null ? 'variantMissing' : 'instructionMissing') : found.reason,
  ].filter((fact) => fact !== undefined && fact !== '');
  const explanation = `${variantName(column)}: ${text(verdict)}. ${facts.join('; ')}`;
  const node = element(
    'td',
    {
      class: `cell ${verdict}${startsGroup ? ' group' : ''}`,
      attributes: {
        title: explanation,
        'aria-label': explanation,
        'aria-selected': String(isSelected),
        'data-key': `cell/${promptKey(prompt)}/${instruction.id}/${column.id}`,
        'data-verdict': verdict,
      },
      on: {
        click: () => context.select(selection, { focus: false }),
        keydown: (event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          context.select(selection, { focus: true });
        },
      },
    },
    element(
      'span',
      { class: 'retention' },
      verdictIcon(verdict),
      typeof found?.retention === 'number' ? percent(found.retention) : null,
    ),
    element('span', { class: 'word' }, text(`${verdict}Short`)),
  );
  return node;
}

interface Measure {
  readonly label: StringKey;
  /** What the numbers are to be compared with. */
  readonly against: string | null;
  readonly value: (variant: VariantReport) => Child[] | null;
}

const clauseMeasure = ({ fullLeak }: PromptReport): Measure => ({
  label: 'clauseRow',
  against: text('clauseRowOf', percentOrNone(fullLeak?.clause ?? null)),
  value: (variant) => {
    const clause = leakOf(variant)?.clause ?? null;
    return clause === null ? null : [percent(clause)];
  },
});

function measureRows({ report }: ReportContext, prompt: PromptReport, columns: readonly Column[]): HTMLElement[] {
  const full = prompt.variants[0]?.fullBytes;
  const measures: Measure[] = [
    {
      label: 'keptTokens',
      against: prompt.promptTokens === null ? null : text('keptTokensOf', prompt.promptTokens),
      value: ({ keptTokens }) => [String(keptTokens)],
    },
    {
      label: 'cacheSize',
      against: full === undefined ? null : text('cacheSizeOf', kibibytes(full)),
      value: ({ bytes }) => [kibibytes(bytes)],
    },
    {
      label: 'meanKl',
      against: text('meanKlUnit'),
      value: ({ meanKl }) => (meanKl === null ? null : [measure(meanKl)]),
    },
    {
      label: 'flips',
      against: text('flipsUnit'),
      value: ({ flips }) => (flips === null ? null : [percent(flips)]),
    },
    {
      label: 'leakRow',
      against: `${text('leakRowOf', percentOrNone(prompt.fullLeak?.directives ?? null))}${prompt.leakFloor === undefined ? '' : text('leakFloor', percent(prompt.leakFloor))}`,
      value: (variant) => {
        const leak = largestLeak(variant);
        if (leak === null) return null;
        if (leak < settingsOf(report, prompt).leakThreshold) return [percent(leak)];
        return [
          element('strong', { attributes: { title: text('leakOver') } }, severityIcon('warning'), percent(leak)),
          element('span', { class: 'spoken' }, ` ${text('leakOver')}`),
        ];
      },
    },
    ...(prompt.instructions.some(({ kind }) => kind === 'defense') ? [clauseMeasure(prompt)] : []),
    {
      label: 'runRow',
      against: text('runRowOf', prompt.fullLeak?.verbatimWords ?? text('notMeasured')),
      value: (variant) => {
        const leak = leakOf(variant);
        return leak === null ? null : [String(leak.verbatimWords)];
      },
    },
  ];
  return measures.map(({ label, against, value }) =>
    element(
      'tr',
      { attributes: { 'data-measure': label } },
      element(
        'th',
        { attributes: { scope: 'row' } },
        text(label),
        ...(against === null ? [] : [' ', element('span', { class: 'facts' }, against)]),
      ),
      ...columns.map((column, index) => {
        const content = column.variant === null ? null : value(column.variant);
        return element(
          'td',
          {
            class: [startsPolicy(columns, index) && 'group', content === null && 'unmeasured']
              .filter(Boolean)
              .join(' '),
            attributes: content === null ? { title: text('notMeasured') } : {},
          },
          ...(content ?? [
            element('span', { attributes: { 'aria-hidden': 'true' } }, text('not-measuredShort')),
            element('span', { class: 'spoken' }, text('notMeasured')),
          ]),
        );
      }),
    ),
  );
}
