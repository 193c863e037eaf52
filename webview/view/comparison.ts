import type { ProbeReport, ResponseReport } from '../../src/analyzer/report.ts';
import { text, type StringKey } from '../strings.ts';
import { element } from './dom.ts';
import { wordDiff, type DiffPart } from './wordDiff.ts';

const kindNames: Record<ProbeReport['kind'], StringKey> = {
  identity: 'probeIdentity',
  extraction: 'probeExtraction',
  task: 'probeTask',
  forbidden: 'probeForbidden',
  condition: 'probeCondition',
  user: 'probeUser',
  sample: 'probeSample',
};

export const probeKind = ({ kind }: ProbeReport): string => text(kindNames[kind]);

/** The answer with the full cache beside the compressed one, with the words that differ underlined. */
export function comparison(
  probe: ProbeReport,
  response: ResponseReport | undefined,
  variantLabel: string,
): HTMLElement {
  const full = probe.response;
  const compressed = response?.text ?? null;
  const diff = full !== null && compressed !== null ? wordDiff(full, compressed) : null;
  const same = diff !== null && ![...diff.left, ...diff.right].some(({ differs }) => differs);
  return element(
    'div',
    {},
    element(
      'div',
      { class: 'comparison' },
      side(text('fullAnswer'), 'removed', diff?.left ?? whole(full)),
      side(variantLabel, 'added', diff?.right ?? whole(compressed), response?.truncated),
    ),
    diff !== null && element('p', { class: 'facts' }, text(same ? 'answerSame' : 'answerDiffers')),
  );
}

const whole = (answer: string | null): DiffPart[] | null =>
  answer === null ? null : [{ text: answer, differs: false }];

function side(
  heading: string,
  change: 'added' | 'removed',
  parts: readonly DiffPart[] | null,
  truncated = false,
): HTMLElement {
  return element(
    'figure',
    {},
    element('figcaption', {}, heading),
    parts === null
      ? element('p', { class: 'empty' }, text('answerNone'))
      : element(
          'blockquote',
          {},
          ...(parts.some((part) => part.text !== '')
            ? parts.map((part) => (part.differs ? element('mark', { class: change }, part.text) : part.text))
            : [element('span', { class: 'empty' }, text('answerEmpty'))]),
        ),
    truncated && element('span', { class: 'facts' }, text('answerTruncated')),
  );
}
