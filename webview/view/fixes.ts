import type { Fix, PromptReport } from '../../src/analyzer/report.ts';
import { text, type StringKey } from '../strings.ts';
import { button } from '../toolkit.ts';
import { disclosure, promptKey, type ReportContext } from './context.ts';
import { element } from './dom.ts';
import { measure, percent, variantName } from './format.ts';
import { severityIcon } from './icons.ts';

/** The fixes that measured better, each with what it changes for better and for worse. */
export function fixes(context: ReportContext, prompt: PromptReport): HTMLElement {
  if (prompt.fixes.length === 0) return element('p', { class: 'empty' }, text('noFixes'));
  return element('div', {}, ...prompt.fixes.map((fix, index) => fixCard(context, prompt, fix, index)));
}

type Cell = readonly [label: string, before: number, after: number, show: (value: number) => string];

function fixCard(context: ReportContext, prompt: PromptReport, fix: Fix, index: number): HTMLElement {
  const { before, after } = fix;
  const pairs = (value: number): string => text('ofTotal', value, before.pairs);
  return element(
    'article',
    { class: 'fix' },
    element('h4', {}, fix.title),
    ...fix.cautions.map((caution) => element('p', { class: 'caution' }, severityIcon('warning'), caution)),
    changeTable('fixMeasure', [
      [text('fixLost'), before.lost, after.lost, pairs],
      [text('fixLeak'), before.leak, after.leak, percent],
      [text('fixHarm'), before.harm, after.harm, measure],
    ]),
    disclosure(
      context,
      `fix-variants/${promptKey(prompt)}/${index}`,
      false,
      [text('fixVariants')],
      changeTable(
        'fixVariant',
        fix.cells.flatMap((cell): Cell[] => {
          const variant = prompt.variants.find(({ id }) => id === cell.variant);
          const name = variant === undefined ? cell.variant : variantName(variant);
          return [
            [`${name}, ${text('fixLeakShort')}`, cell.leakBefore, cell.leakAfter, percent],
            [`${name}, ${text('fixLostShort')}`, cell.lostBefore, cell.lostAfter, String],
          ];
        }),
      ),
    ),
    disclosure(
      context,
      `fix-text/${promptKey(prompt)}/${index}`,
      false,
      [text('fixNewText')],
      element('pre', {}, fix.newText),
    ),
    button(text('fixApply'), 'secondary', () => context.open(prompt.uri, fix.edits[0]?.range ?? prompt.range)),
  );
}

/** Smaller is better in every row; the change is said in a word. */
function changeTable(heading: StringKey, cells: readonly Cell[]): HTMLElement {
  return element(
    'table',
    { class: 'change' },
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('th', { attributes: { scope: 'col' } }, text(heading)),
        element('th', { attributes: { scope: 'col' } }, text('before')),
        element('th', { attributes: { scope: 'col' } }, text('after')),
        element('td', {}),
      ),
    ),
    element(
      'tbody',
      {},
      ...cells.map(([label, before, after, show]) => {
        const change = after < before ? 'better' : after > before ? 'worse' : 'same';
        return element(
          'tr',
          {},
          element('th', { attributes: { scope: 'row' } }, label),
          element('td', {}, show(before)),
          element('td', {}, show(after)),
          element('td', { class: change }, text(change)),
        );
      }),
    ),
  );
}
