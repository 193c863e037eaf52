import type { InstructionKind, MarkerProblem, TextRange } from '../prompt.ts';
import type { Content, DraftBlock, ParsedBlocks } from './blocks.ts';
import { enclosures, type Enclosure, type Marker } from './markers.ts';
import { trim } from './trim.ts';

/** A content that the author made one span, with the kind that the author gave it. */
export interface Part extends Content {
  readonly isWhole?: true;
  readonly kind?: InstructionKind;
}

/** Contents with every part between "begin instruction" and "end instruction" as one; and the other enclosures. */
export function markedParts(
  { masked, mask, contents, addBlock }: ParsedBlocks,
  problems: MarkerProblem[],
): { parts: readonly Part[]; enclosed: readonly Enclosure[] } {
  const all = enclosures(mask.markers, problems);
  let parts: readonly Part[] = contents;
  for (const { what, range, kind } of all) {
    if (what !== 'instruction') continue;
    const whole = trim(masked, range);
    const given = kind === undefined ? {} : { kind };
    const outer = parts.find((part) => part.range.start <= whole.start && whole.end <= part.range.end);
    const inner = parts.filter((part) => part.range.start < whole.end && part.range.end > whole.start);
    const isCut = inner.some((part) => part.range.start < whole.start || part.range.end > whole.end);
    if (whole.start >= whole.end || inner.length === 0 || (isCut && outer === undefined)) {
      problems.push({
        range,
        message: 'a part that begins in one block and ends in another cannot be one instruction',
        hint: 'Put both markers on lines of their own, or both into one paragraph or list item.',
      });
    } else if (outer !== undefined) {
      const piece = {
        ...outer,
        role: 'prose' as const,
        range: whole,
        leadsIn: false,
        isWhole: true as const,
        ...given,
      };
      const rest = [
        { ...outer, range: trim(masked, { start: outer.range.start, end: whole.start }), leadsIn: false },
        { ...outer, range: trim(masked, { start: whole.end, end: outer.range.end }), startsItem: false },
      ].filter((part) => part.range.start < part.range.end);
      parts = sorted([...parts.filter((part) => part !== outer), ...rest, piece]);
    } else {
      const block = addBlock('paragraph', whole);
      const piece = {
        block,
        range: whole,
        role: 'prose',
        startsItem: false,
        leadsIn: false,
        isWhole: true,
        ...given,
      } as const;
      parts = sorted([...parts.filter((part) => !inner.includes(part)), piece]);
    }
  }
  return { parts, enclosed: all.filter(({ what }) => what !== 'instruction') };
}

const sorted = (parts: readonly Part[]): Part[] => parts.toSorted((a, b) => a.range.start - b.range.start);

/** A span as far as markers need to know it. */
export interface MarkableSpan {
  readonly range: TextRange;
  readonly block: DraftBlock;
  /** Index of the part that it was cut from. */
  readonly part: number;
  readonly isHeading: boolean;
}

/** What the markers say of one span. */
export interface Marking {
  mustHold: boolean;
  ignored: boolean;
  readonly rules: Set<string>;
}

/**
 * Looks up what markers say of spans. A marker with text before it on its line is about the last span that starts before it; one on a
 * line of its own about every span of the next paragraph, item or table; an enclosure about every span that starts in it.
 */
export function markings(
  spans: readonly MarkableSpan[],
  markers: readonly Marker[],
  enclosed: readonly Enclosure[],
  problems: MarkerProblem[],
): { of: (span: number) => Marking; suppressedRules: string[] } {
  const table = spans.map((): Marking => ({ mustHold: false, ignored: false, rules: new Set() }));
  for (const { range, action, followsText } of markers) {
    if (action.name !== 'must-hold' && action.name !== 'ignore' && action.name !== 'disable-next') continue;
    const targets = targetsOf(spans, range, followsText);
    if (targets.length === 0) {
      problems.push({
        range,
        message: `"${action.name}" has no instruction to be about`,
        hint: 'Put it on the line above an instruction, or at the end of its line.',
      });
    }
    for (const target of targets) apply(table[target]!, action.name, 'rules' in action ? action.rules : []);
  }
  for (const { what, range } of enclosed) {
    if (what === 'instruction') continue;
    const first = firstFrom(spans, range.start);
    for (let index = first; index < spans.length && spans[index]!.range.start < range.end; index++)
      apply(table[index]!, what, []);
  }
  disableRules(spans, markers, table);
  const suppressedRules = markers.flatMap(({ action }) => (action.name === 'disable' ? action.rules : []));
  return { of: (span) => table[span]!, suppressedRules: [...new Set(suppressedRules)] };
}

/** Every span after a "disable", up to its "enable". */
function disableRules(spans: readonly MarkableSpan[], markers: readonly Marker[], table: readonly Marking[]): void {
  const disabled = new Set<string>();
  let next = 0;
  for (const [index, { range }] of spans.entries()) {
    for (; next < markers.length && markers[next]!.range.start < range.start; next++) {
      const { action } = markers[next]!;
      if (action.name !== 'disable' && action.name !== 'enable') continue;
      for (const rule of action.rules) {
        if (action.name === 'disable') disabled.add(rule);
        else disabled.delete(rule);
      }
    }
    apply(table[index]!, 'disable-next', [...disabled]);
  }
}

function apply(marking: Marking, name: 'must-hold' | 'ignore' | 'disable-next', rules: readonly string[]): void {
  if (name === 'must-hold') marking.mustHold = true;
  else if (name === 'ignore') marking.ignored = true;
  else for (const rule of rules) marking.rules.add(rule);
}

/** Indices of the spans that a marker is about. */
function targetsOf(spans: readonly MarkableSpan[], { start }: TextRange, followsText: boolean): number[] {
  let index = firstFrom(spans, start);
  if (followsText) return index === 0 ? [] : [index - 1];
  while (index < spans.length && spans[index]!.isHeading) index++;
  const next = spans[index];
  const targets: number[] = [];
  for (; index < spans.length && next !== undefined; index++) {
    const { part, block } = spans[index]!;
    if (next.block.kind === 'table' ? block !== next.block : part !== next.part) break;
    targets.push(index);
  }
  return targets;
}

/** Index of the first span that starts at or after an offset. */
function firstFrom(spans: readonly MarkableSpan[], offset: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.range.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
