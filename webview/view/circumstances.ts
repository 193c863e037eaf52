import type { PromptReport, Truncation } from '../../src/analyzer/report.ts';
import { text, type StringKey } from '../strings.ts';
import { promptKey, type ReportContext } from './context.ts';
import { element, type Child } from './dom.ts';
import { grouped, percent, policyName } from './format.ts';
import { severityIcon } from './icons.ts';

/** What the numbers of a prompt assume and leave out: nobody may take a simulated host or a cut file for the plain prompt. */
export function circumstances(context: ReportContext, prompt: PromptReport): HTMLElement | null {
  const { host, truncations = [], notes, ignored, settings } = prompt;
  const tokens = (count: number | null): string => (count === null ? text('unknown') : grouped(count));
  const lines = [
    host !== undefined &&
      line('host', text('hostText', host.title, tokens(host.tokensBefore), tokens(host.tokensAfter))),
    ...truncations.map((truncation, index) => cutOff(context, prompt, truncation, index)),
    settings !== undefined &&
      line(
        'settings',
        text(
          'ownSettingsText',
          settings.policies.map((policy) => policyName(context.report, policy)).join(', '),
          settings.ratios.map(percent).join(', '),
        ),
      ),
    ignored > 0 && line('markers', text(ignored === 1 ? 'ignoredOne' : 'ignoredMany', ignored)),
    ...notes.map((note) => line('note', note)),
  ].filter((each) => each !== false);
  if (lines.length === 0) return null;
  return element('ul', { class: 'circumstances', attributes: { 'aria-label': text('circumstances') } }, ...lines);
}

function cutOff(
  context: ReportContext,
  prompt: PromptReport,
  { tool, unit, most, size, range }: Truncation,
  index: number,
): HTMLElement {
  const key = `truncation/${promptKey(prompt)}/${index}`;
  const open = element(
    'button',
    {
      class: 'link',
      attributes: { type: 'button', 'data-key': key },
      on: { click: () => context.open(prompt.uri, range) },
    },
    text('line', range.start.line + 1),
  );
  const said = text(unit === 'bytes' ? 'truncationBytes' : 'truncationCharacters', tool, grouped(most), grouped(size));
  return line('truncation', said, ' ', open);
}

const line = (
  kind: 'host' | 'truncation' | 'settings' | 'markers' | 'note',
  ...content: readonly Child[]
): HTMLElement =>
  element(
    'li',
    { attributes: { 'data-circumstance': kind } },
    severityIcon(kind === 'truncation' ? 'warning' : 'information'),
    element('div', {}, element('strong', {}, `${text(names[kind])}: `), ...content),
  );

const names: Record<Parameters<typeof line>[0], StringKey> = {
  host: 'hostName',
  truncation: 'truncationName',
  settings: 'ownSettingsName',
  markers: 'markersName',
  note: 'noteName',
};
