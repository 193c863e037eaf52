import { nearest } from '../../nearest.ts';
import { instructionKinds, type InstructionKind, type MarkerProblem, type TextRange } from '../prompt.ts';
import { ruleIds, type RuleId } from '../report.ts';

/**
 * What an author says to Holdfast in a comment of the prompt: `<!-- holdfast: must-hold -->`, `{# holdfast: ignore #}` or a line
 * end `# holdfast: ignore`. A reason may follow after ` -- `. The comment stays part of the prompt that the model sees.
 */
export interface Marker {
  readonly range: TextRange;
  /** Text stands before it on its line, so that it is about that text and not about what follows. */
  readonly followsText: boolean;
  readonly action: MarkerAction;
}

export type MarkerAction =
  | { readonly name: 'must-hold' | 'ignore' }
  | { readonly name: 'disable' | 'enable' | 'disable-next'; readonly rules: readonly RuleId[] }
  | { readonly name: 'begin' | 'end'; readonly what: Enclosed; readonly kind?: InstructionKind };

export type Enclosed = 'must-hold' | 'ignore' | 'instruction';

const actionNames = ['must-hold', 'ignore', 'disable', 'enable', 'disable-next', 'begin', 'end'] as const;
const enclosable: readonly Enclosed[] = ['must-hold', 'ignore', 'instruction'];

const markerPattern =
  /<!--[ \t]*holdfast:([^\n\r]{0,300}?)-->|\{#[ \t]*holdfast:([^\n\r]{0,300}?)#\}|(?<![^\s])#[ \t]*holdfast:([^\n\r]{0,300})$/g;
/** What may stand before the text of a line: list marker, quote marks, heading marks. */
const lineMarkers = /^(?:[ \t]*(?:>|[-*+•](?=[ \t])|\d{1,9}[.)](?=[ \t])|#{1,6}(?=[ \t])))*[ \t]*$/;

/** The markers of one line that starts at `start` of the prompt. Wrong ones are problems instead. */
export function markersOf(
  line: string,
  start: number,
  problems: MarkerProblem[],
): { ranges: TextRange[]; markers: Marker[] } {
  const ranges: TextRange[] = [];
  const markers: Marker[] = [];
  if (!line.includes('holdfast:')) return { ranges, markers };
  for (const match of line.matchAll(markerPattern)) {
    // In inline code it is text about markers.
    if (line[match.index - 1] === '`') continue;
    const range = { start: start + match.index, end: start + match.index + match[0].trimEnd().length };
    ranges.push(range);
    const action = readAction((match[1] ?? match[2] ?? match[3])!);
    if ('message' in action) problems.push({ range, ...action });
    else markers.push({ range, followsText: !lineMarkers.test(line.slice(0, match.index)), action });
  }
  return { ranges, markers };
}

type Wrong = Omit<MarkerProblem, 'range'>;

function readAction(source: string): MarkerAction | Wrong {
  const [name = '', ...rest] = source
    .split(/ --(?: |$)/)[0]!
    .trim()
    .split(/[\s,]+/);
  switch (name) {
    case 'must-hold':
    case 'ignore':
      return rest.length === 0 ? { name } : { message: `"${name}" takes nothing after it but " -- " and a reason` };
    case 'disable':
    case 'enable':
    case 'disable-next':
      return readRules(name, rest);
    case 'begin':
    case 'end':
      return readEnclosed(name, rest);
    default:
      return unknown('marker', name, actionNames);
  }
}

function readRules(name: 'disable' | 'enable' | 'disable-next', rules: readonly string[]): MarkerAction | Wrong {
  if (rules.length === 0) return { message: `"${name}" needs the name of a rule, such as ${ruleIds[0]}` };
  const known: readonly string[] = ruleIds;
  const wrong = rules.find((rule) => !known.includes(rule));
  return wrong === undefined ? { name, rules: rules as readonly RuleId[] } : unknown('rule', wrong, ruleIds);
}

function readEnclosed(name: 'begin' | 'end', [what = '', kind, ...rest]: readonly string[]): MarkerAction | Wrong {
  const enclosed = enclosable.find((each) => each === what);
  if (enclosed === undefined) return unknown(`thing to ${name}`, what, enclosable);
  if (kind === undefined) return { name, what: enclosed };
  const known = instructionKinds.find((each) => each === kind);
  if (name === 'end' || enclosed !== 'instruction' || rest.length > 0)
    return { message: `"${name} ${what}" takes nothing after it but " -- " and a reason` };
  return known === undefined ? unknown('kind', kind, instructionKinds) : { name, what: enclosed, kind: known };
}

function unknown(noun: string, word: string, known: readonly string[]): Wrong {
  const message = `unknown ${noun} "${word}"`;
  const like = nearest(word, known);
  return { message, hint: like === undefined ? `Known: ${known.join(', ')}.` : `Did you mean "${like}"?` };
}

/** A part of the prompt between a begin and its end. */
export interface Enclosure {
  readonly what: Enclosed;
  readonly kind?: InstructionKind;
  /** From the begin marker's end to the end marker's start. */
  readonly range: TextRange;
}

/** Pairs begins with the next end of the same thing. Those without a partner are problems and have no effect. */
export function enclosures(markers: readonly Marker[], problems: MarkerProblem[]): Enclosure[] {
  const open = new Map<Enclosed, Marker>();
  const result: Enclosure[] = [];
  for (const marker of markers) {
    const { action, range } = marker;
    if (action.name === 'begin') {
      const earlier = open.get(action.what);
      if (earlier !== undefined) problems.push(unpaired(earlier));
      open.set(action.what, marker);
    } else if (action.name === 'end') {
      const begin = open.get(action.what);
      open.delete(action.what);
      if (begin === undefined) {
        problems.push(unpaired(marker));
        continue;
      }
      const kind = begin.action.name === 'begin' ? begin.action.kind : undefined;
      const between = { start: begin.range.end, end: range.start };
      result.push({ what: action.what, range: between, ...(kind !== undefined && { kind }) });
    }
  }
  for (const marker of open.values()) problems.push(unpaired(marker));
  return result;
}

function unpaired({ range, action }: Marker): MarkerProblem {
  const [own, other] = action.name === 'begin' ? ['begin', 'end'] : ['end', 'begin'];
  const what = 'what' in action ? action.what : '';
  return {
    range,
    message: `"${own} ${what}" has no "${other} ${what}"`,
    hint: `Add <!-- holdfast: ${other} ${what} -->, or remove it: without its partner it has no effect.`,
  };
}
