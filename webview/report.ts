import './validation.ts';
import './report.css';
import {
  receiveFromHost,
  readSavedState,
  type ReportMessage,
  type ViewState,
  type WebviewMessage,
} from './protocol.ts';
import { text, useStrings } from './strings.ts';
import { button } from './toolkit.ts';
import { assumptionStrip } from './view/assumptions.ts';
import { promptKey, type ReportContext, type Selection } from './view/context.ts';
import { element } from './view/dom.ts';
import { filterBar } from './view/filters.ts';
import { legend } from './view/legend.ts';
import { outcomeBanner } from './view/outcome.ts';
import { ProgressView } from './view/progress.ts';
import { promptSection } from './view/prompt.ts';
import { severityIcon } from './view/icons.ts';

interface HostApi {
  postMessage(message: WebviewMessage): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): HostApi;

const host = acquireVsCodeApi();
const saved = readSavedState(host.getState());

let shown: ReportMessage | null = saved?.shown ?? null;
let view: ViewState = saved?.view ?? {
  hiddenPolicies: [],
  onlyAffected: false,
  selected: null,
  toggled: [],
  scroll: 0,
};
let sections: { readonly key: string; readonly showDetails: () => void }[] = [];

const progress = new ProgressView();
const content = element('div');
const prompts = element('div');
document.body.append(element('main', {}, progress.node, content));

const save = (): void => host.setState({ version: 1, shown, view: { ...view, scroll: window.scrollY } });

let saving: ReturnType<typeof setTimeout> | undefined;
/** The state holds the report, so quick successions of changes are saved once. */
function saveSoon(): void {
  clearTimeout(saving);
  saving = setTimeout(save, 150);
}

const byKey = (key: string | undefined): HTMLElement | undefined =>
  key === undefined
    ? undefined
    : [...document.querySelectorAll<HTMLElement>('[data-key]')].find((node) => node.dataset.key === key);

/** Redraws a part of the page and puts the keyboard back to where it was. */
function redraw(part: () => void): void {
  const focused = (document.activeElement as HTMLElement | null)?.dataset.key;
  part();
  byKey(focused)?.focus({ preventScroll: true });
}

const keyOfCell = ({ prompt, instruction, variant }: Selection): string => `cell/${prompt}/${instruction}/${variant}`;

function contextOf(message: ReportMessage): ReportContext {
  return {
    report: message.report,
    get view() {
      return view;
    },
    open: (uri, range) => host.postMessage({ type: 'open', uri, range }),
    rerun: () => host.postMessage({ type: 'rerun' }),
    select(selected, { focus }) {
      const previous = view.selected;
      view = { ...view, selected };
      for (const cell of document.querySelectorAll('td[aria-selected="true"]'))
        cell.setAttribute('aria-selected', 'false');
      if (selected !== null) byKey(keyOfCell(selected))?.setAttribute('aria-selected', 'true');
      for (const section of sections)
        if (section.key === selected?.prompt || section.key === previous?.prompt) section.showDetails();
      if (selected !== null) {
        const heading = byKey(`details/${selected.prompt}`);
        heading?.closest('section')?.scrollIntoView({ block: 'nearest' });
        if (focus) heading?.focus({ preventScroll: true });
      } else if (previous !== null && focus) byKey(keyOfCell(previous))?.focus();
      saveSoon();
    },
    filter(change) {
      view = { ...view, ...change };
      redraw(() => drawPrompts(message));
      saveSoon();
    },
    toggle(key, differsFromDefault) {
      const others = view.toggled.filter((each) => each !== key);
      view = { ...view, toggled: differsFromDefault ? [...others, key] : others };
      saveSoon();
    },
  };
}

function drawPrompts(message: ReportMessage): void {
  const context = contextOf(message);
  const drawn = message.report.prompts.map((prompt) => ({ key: promptKey(prompt), ...promptSection(context, prompt) }));
  sections = drawn;
  prompts.replaceChildren(...drawn.map(({ node }) => node));
}

function draw(): void {
  if (shown === null) {
    content.replaceChildren(
      element(
        'div',
        { class: 'welcome' },
        element('h1', {}, text('title')),
        element('p', {}, text('waiting')),
        button(text('runFirst'), 'primary', () => host.postMessage({ type: 'rerun' })),
      ),
    );
    return;
  }
  const { report, notice } = shown;
  const context = contextOf(shown);
  content.replaceChildren(
    element(
      'header',
      { class: 'top' },
      element('h1', {}, text('title')),
      button(text('rerun'), 'secondary', () => context.rerun()),
    ),
    ...(notice === null
      ? []
      : [element('div', { class: 'banner warning' }, severityIcon('warning'), element('div', {}, notice))]),
    outcomeBanner(report),
    assumptionStrip(report),
    ...(report.prompts.length === 0 ? [] : [filterBar(context), legend(context)]),
    prompts,
  );
  drawPrompts(shown);
}

function reveal(uri: string, instruction: string): void {
  const prompt = shown?.report.prompts.find(
    (each) => each.uri === uri && each.instructions.some(({ id }) => id === instruction),
  );
  if (prompt === undefined) return;
  const target = byKey(`instruction/${promptKey(prompt)}/${instruction}`);
  if (target === undefined && view.onlyAffected) {
    view = { ...view, onlyAffected: false };
    draw();
    reveal(uri, instruction);
    return;
  }
  target?.scrollIntoView({ block: 'center' });
  target?.focus({ preventScroll: true });
}

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const received = receiveFromHost(data);
  if ('problem' in received) {
    // eslint-disable-next-line no-console -- the developer tools are the log of a webview
    console.warn(`Holdfast report: ${received.problem}`);
    return;
  }
  const { message } = received;
  switch (message.type) {
    case 'report':
      shown = message;
      useStrings(message.strings ?? {});
      progress.end();
      redraw(draw);
      progress.say(text('updated'));
      save();
      break;
    case 'progress':
      progress.show(message.fraction, message.message);
      break;
    case 'reveal':
      reveal(message.uri, message.instruction);
      break;
  }
});
window.addEventListener('scroll', saveSoon, { passive: true });
document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && save());

useStrings(shown?.strings ?? {});
draw();
window.scrollTo(0, saved?.view.scroll ?? 0);
host.postMessage({ type: 'ready' });
