import type { InstructionKind, MarkerProblem, TextRange } from '../prompt.ts';
import type { Content, ParsedBlocks } from './blocks.ts';
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

/** What the markers say of one span. */
export interface Marking {
  mustHold: boolean;
  ignored: boolean;
  readonly rules: Set<string>;
}

/**
 * Looks up what markers say of spans. A marker with text before it on its line is about the last span that starts before it; one on a
 * line of its own about every span of the next paragraph, item or row; an enclosure about every span that starts in it.
 */
export function markings(
  spans: readonly { readonly range: TextRange; readonly part: number; readonly isHeading: boolean }[],
  markers: readonly Marker[],
  enclosed: readonly Enclosure[],
  problems: MarkerProblem[],
): { of: (span: number) => Marking; suppressedRules: string[] } {
  const table = spans.map((): Marking => ({ mustHold: false, ignored: false, rules: new Set() }));
  const within = (range: TextRange): number[] =>
    spans.flatMap((span, index) => (span.range.start >= range.start && span.range.start < range.end ? [index] : []));
  const suppressed = new Set<string>();

  for (const [index, { range, action, followsText }] of markers.entries()) {
    switch (action.name) {
      case 'must-hold':
      case 'ignore':
      case 'disable-next': {
        const targets = targetsOf(spans, range, followsText);
        if (targets.length === 0) {
          problems.push({
            range,
            message: `"${action.name}" has no instruction to be about`,
            hint: 'Put it on the line above an instruction, or at the end of its line.',
          });
        }
        for (const target of targets) apply(table[target]!, action.name, 'rules' in action ? action.rules : []);
        break;
      }
      case 'disable':
        for (const rule of action.rules) {
          suppressed.add(rule);
          const enabling = markers
            .slice(index)
            .find((later) => later.action.name === 'enable' && later.action.rules.includes(rule));
          const until = enabling?.range.start ?? Infinity;
          for (const target of within({ start: range.end, end: until })) table[target]!.rules.add(rule);
        }
        break;
      default: // begin and end are enclosures; enable ends a disable
    }
  }
  for (const { what, range } of enclosed) {
    for (const target of within(range)) {
      if (what !== 'instruction') apply(table[target]!, what, []);
    }
  }
  return { of: (span) => table[span]!, suppressedRules: [...suppressed] };
}

function apply(marking: Marking, name: 'must-hold' | 'ignore' | 'disable-next', rules: readonly string[]): void {
  if (name === 'must-hold') marking.mustHold = true;
  else if (name === 'ignore') marking.ignored = true;
  else for (const rule of rules) marking.rules.add(rule);
}

function targetsOf(
  spans: readonly { readonly range: TextRange; readonly part: number; readonly isHeading: boolean }[],
  { start }: TextRange,
  followsText: boolean,
): number[] {
  if (followsText) {
    const before = spans.findLastIndex((span) => span.range.start < start);
    return before === -1 ? [] : [before];
  }
  const next = spans.find((span) => span.range.start > start && !span.isHeading);
  return next === undefined ? [] : spans.flatMap((span, index) => (span.part === next.part ? [index] : []));
}
