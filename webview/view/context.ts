import type { FileRange, PromptReport, Report } from '../../src/analyzer/report.ts';
import type { ViewState } from '../protocol.ts';
import { element, type Child } from './dom.ts';

export type Selection = NonNullable<ViewState['selected']>;

/** Tells apart the prompts of a report; a file can hold several. */
export const promptKey = ({ uri, range }: Pick<PromptReport, 'uri' | 'range'>): string => `${uri}#${range.offsets[0]}`;

/** What the views show and what they can ask for. */
export interface ReportContext {
  readonly report: Report;
  readonly view: Readonly<ViewState>;
  /** Opens the file at a range. */
  open(uri: string, range: FileRange): void;
  rerun(): void;
  /** Shows the evidence of a cell, or closes it; `focus` moves the keyboard there. */
  select(selection: Selection | null, options: { readonly focus: boolean }): void;
  filter(change: Partial<Pick<ViewState, 'hiddenPolicies' | 'onlyAffected'>>): void;
  /** Remembers that a disclosure is not in its default state. */
  toggle(key: string, differsFromDefault: boolean): void;
}

/** A section that opens and closes and stays as it was when the report is shown again. */
export function disclosure(
  context: ReportContext,
  key: string,
  openByDefault: boolean,
  summary: readonly Child[],
  ...content: readonly Child[]
): HTMLDetailsElement {
  const node = element(
    'details',
    { class: 'disclosure' },
    element('summary', { attributes: { 'data-key': key } }, ...summary),
    ...content,
  );
  node.open = context.view.toggled.includes(key) !== openByDefault;
  node.addEventListener('toggle', () => context.toggle(key, node.open !== openByDefault));
  return node;
}
