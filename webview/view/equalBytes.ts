import type { PromptReport } from '../../src/analyzer/report.ts';
import { equalBytesTable, largestLeak, lostIn } from '../../src/analyzer/variants/comparison.ts';
import { text, type StringKey } from '../strings.ts';
import { element } from './dom.ts';
import { measure, percent, percentOrNone } from './format.ts';

const columns: readonly StringKey[] = ['cache', 'bytesShare', 'meanKl', 'flips', 'lostColumn', 'leakRow'];

/** A table for each size at which kinds of compression were compared. */
export function equalBytes(prompt: PromptReport): HTMLElement[] {
  return prompt.equalBytes.map((comparison) => {
    const { reached, unreached } = equalBytesTable(prompt, comparison);
    const row = (name: string, ...cells: readonly string[]): HTMLElement =>
      element(
        'tr',
        {},
        element('th', { attributes: { scope: 'row' } }, name),
        ...cells.map((cell) =>
          element('td', cells.length === 1 ? { attributes: { colspan: columns.length - 1 } } : {}, cell),
        ),
      );
    return element(
      'div',
      { class: 'part' },
      element('h3', {}, text('equalBytes', comparison.size)),
      element(
        'table',
        { class: 'change' },
        element(
          'thead',
          {},
          element('tr', {}, ...columns.map((key) => element('th', { attributes: { scope: 'col' } }, text(key)))),
        ),
        element(
          'tbody',
          {},
          ...reached.map((variant) =>
            row(
              variant.title,
              percent(variant.bytes / variant.fullBytes),
              variant.meanKl === null ? text('notMeasured') : measure(variant.meanKl),
              percentOrNone(variant.flips),
              String(lostIn(variant)),
              percentOrNone(largestLeak(variant)),
            ),
          ),
          ...unreached.map(({ title, reason }) => row(title, reason)),
        ),
      ),
    );
  });
}

/** What was asked for and cannot be measured: never left out in silence. */
export function unmeasured({ unmeasured: variants }: PromptReport): HTMLElement[] {
  if (variants.length === 0) return [];
  const items = variants.map(({ title, reason }) => element('li', {}, `${title}: ${reason}`));
  return [
    element(
      'div',
      { class: 'part' },
      element('h3', {}, text('notMeasuredHere')),
      element('ul', { class: 'plain' }, ...items),
    ),
  ];
}
