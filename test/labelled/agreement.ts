import type { Span, TextRange } from '../../src/analyzer/prompt.ts';
import type { LabelledPrompt, LabelledSpan } from './labelledPrompt.ts';

/** How well found spans agree with labelled ones. */
export interface Agreement {
  readonly labelled: number;
  readonly found: number;
  /** Spans whose start and end are those of a label. */
  readonly exact: number;
  /** Spans that share at least nine tenths of their characters, counted over both, with a label. */
  readonly close: number;
  /** Labels whose kind is that of the found span which covers most of them; a label that none covers counts as wrong. */
  readonly sameKind: number;
}

const closeOverlap = 0.9;

export const noAgreement: Agreement = { labelled: 0, found: 0, exact: 0, close: 0, sameKind: 0 };

export function agreementOn({ spans: labels }: LabelledPrompt, spans: readonly Span[]): Agreement {
  let [exact, close, sameKind] = [0, 0, 0];
  for (const label of labels) {
    const best = bestFor(label, spans);
    if (best === undefined) continue;
    const shared = overlap(label.range, best.range);
    if (shared / (length(label.range) + length(best.range) - shared) >= closeOverlap) close++;
    if (label.range.start === best.range.start && label.range.end === best.range.end) exact++;
    if (label.kind === best.kind) sameKind++;
  }
  return { labelled: labels.length, found: spans.length, exact, close, sameKind };
}

export const sum = (a: Agreement, b: Agreement): Agreement => ({
  labelled: a.labelled + b.labelled,
  found: a.found + b.found,
  exact: a.exact + b.exact,
  close: a.close + b.close,
  sameKind: a.sameKind + b.sameKind,
});

/** F1 of spans: the harmonic mean of precision and recall, which is twice the matches over both counts. */
export const boundaryF1 = ({ exact, labelled, found }: Agreement): number => (2 * exact) / (labelled + found);
export const tolerantF1 = ({ close, labelled, found }: Agreement): number => (2 * close) / (labelled + found);
export const kindAccuracy = ({ sameKind, labelled }: Agreement): number => sameKind / labelled;

/** Differences as lines a person can read. */
export function disagreements({ name, text, spans: labels }: LabelledPrompt, spans: readonly Span[]): string[] {
  const show = (span: LabelledSpan | Span): string =>
    `${span.kind} ${JSON.stringify(text.slice(span.range.start, span.range.end))}`;
  const key = ({ range }: { range: TextRange }): string => `${range.start}-${range.end}`;
  const found = new Map(spans.map((span) => [key(span), span]));
  const labelled = new Set(labels.map(key));
  return [
    ...labels.flatMap((label) => {
      const same = found.get(key(label));
      if (same === undefined) return [`${name}: not found: ${show(label)}`];
      return same.kind === label.kind ? [] : [`${name}: ${same.kind} instead of ${show(label)}`];
    }),
    ...spans.filter((span) => !labelled.has(key(span))).map((span) => `${name}: not labelled: ${show(span)}`),
  ];
}

const length = ({ start, end }: TextRange): number => end - start;
const overlap = (a: TextRange, b: TextRange): number =>
  Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));

function bestFor({ range }: LabelledSpan, spans: readonly Span[]): Span | undefined {
  let best: Span | undefined;
  for (const span of spans) {
    if (overlap(range, span.range) > (best === undefined ? 0 : overlap(range, best.range))) best = span;
  }
  return best;
}
