import { verdicts } from '../../src/analyzer/report.ts';
import { text } from '../strings.ts';
import { disclosure, type ReportContext } from './context.ts';
import { element } from './dom.ts';
import { verdictIcon } from './icons.ts';

/** What each verdict means, with the shape that stands for it. */
export const legend = (context: ReportContext): HTMLElement =>
  disclosure(
    context,
    'legend',
    false,
    [text('legend')],
    element(
      'dl',
      { class: 'legend' },
      ...verdicts.flatMap((verdict) => [
        element('dt', {}, verdictIcon(verdict), text(verdict)),
        element('dd', {}, text(`${verdict}Meaning`)),
      ]),
    ),
    element('p', {}, text('retentionMeaning')),
  );
