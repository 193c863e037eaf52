import type { Fix, PromptReport } from '../../src/analyzer/report.ts';
import { text, type StringKey } from '../strings.ts';
import { button } from '../toolkit.ts';
import { disclosure, promptKey, type ReportContext } from './context.ts';
import { element } from './dom.ts';
import { measure, percent, variantName, variantNames } from './format.ts';
import { severityIcon } from './icons.ts';

/** The fixes that measured better, each with what it changes for better and for worse. */
export function fixes(context: ReportContext, prompt: PromptReport): HTMLElement {
  if (prompt.fixes.length === 0) return element('p', { class: 'empty' }, text('noFixes'));
  return element('div', {}, ...prompt.fixes.map((fix, index) => fixCard(context, prompt, fix, index)));
}

type Change = readonly [label: string, before: number, after: number, show: (value: number) => string];

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
      variantChanges(prompt, fix),
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

/** Smaller is better in everything that a fix reports. */
const directionOf = (before: number, after: number): 'better' | 'worse' | 'same' =>
  after < before ? 'better' : after > before ? 'worse' : 'same';

/** One row for each variant in which something changes; the others are named below. */
function variantChanges(prompt: PromptReport, fix: Fix): HTMLElement {
  const cells = fix.cells.map((cell) => ({ ...cell, shown: prompt.variants.find(({ id }) => id === cell.variant) }));
  const changes = cells.filter((cell) => cell.leakBefore !== cell.leakAfter || cell.lostBefore !== cell.lostAfter);
  const unchanged = cells.flatMap((cell) => (changes.includes(cell) || cell.shown === undefined ? [] : [cell.shown]));
  const change = (before: number, after: number, show: (value: number) => string): HTMLElement[] => [
    element('td', {}, text('fixChange', show(before), show(after))),
    element('td', { class: directionOf(before, after) }, text(directionOf(before, after))),
  ];
  const header = (key: StringKey, span: number): HTMLElement =>
    element('th', { attributes: { scope: span > 1 ? 'colgroup' : 'col', colspan: span } }, text(key));
  return element(
    'div',
    {},
    element(
      'table',
      { class: 'change' },
      element(
        'thead',
        {},
        element('tr', {}, header('fixVariant', 1), header('fixLeakShort', 2), header('fixLostShort', 2)),
      ),
      element(
        'tbody',
        {},
        ...changes.map(({ variant, shown, leakBefore, leakAfter, lostBefore, lostAfter }) =>
          element(
            'tr',
            {},
            element('th', { attributes: { scope: 'row' } }, shown === undefined ? variant : variantName(shown)),
            ...change(leakBefore, leakAfter, percent),
            ...change(lostBefore, lostAfter, String),
          ),
        ),
      ),
    ),
    unchanged.length > 0 && element('p', { class: 'facts' }, text('fixUnchanged', variantNames(unchanged))),
  );
}

/** The change is said in a word. */
function changeTable(heading: StringKey, cells: readonly Change[]): HTMLElement {
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
        const change = directionOf(before, after);
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
