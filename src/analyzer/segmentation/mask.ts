import type { MarkerProblem, TextRange } from '../prompt.ts';
import { markersOf, type Marker } from './markers.ts';

/** Structure that Markdown does not know, found before the Markdown parser runs. */
export interface MaskedText {
  /**
   * The text with that structure blanked out: same length, same line ends. Tag lines and comments become blank lines, so
   * that the text between tags is parsed as Markdown; bullets like `•` become `-`. Markers and tags that enclose the text of
   * their line become spaces.
   */
  readonly text: string;
  /** Lines that hold only a tag or template control. */
  readonly tags: readonly Tag[];
  /** HTML comments on lines of their own. */
  readonly comments: readonly TextRange[];
  /** Tag pairs named like example or sample, tags included, and raw JSON. */
  readonly examples: readonly TextRange[];
  readonly markers: readonly Marker[];
  readonly markerProblems: MarkerProblem[];
}

export interface Tag {
  readonly range: TextRange;
  /** `output format` for `<output_format>`; undefined for template control and closing tags. */
  readonly opens?: string;
  readonly closes?: string;
}

/** Deeper containers than any prompt has; the Markdown parser is quadratic in them. */
const maxContainerDepth = 24;

/** Each tag or comment without an end costs a search through the rest of the text. */
const maxUnclosed = 64;

const fenceLine = /^(?:[ \t]*(?:>|[-*+•](?=[ \t])|\d{1,9}[.)](?=[ \t])))*[ \t]*(`{3,}|~{3,})([^\n]*)$/;
const tagLine = /^[ \t]*<\/?[A-Za-z][\w:.-]*(?:[ \t][^<>]*)?\/?>[ \t]*$/;
const exampleOpening =
  /^[ \t]*<([\p{L}\w:.-]*(?:example|sample|beispiel|exemple|ejemplo)[\p{L}\w:.-]*)(?:[ \t][^<>]*)?>/iu;
const unicodeBullet = /^([ \t]*)[•‣◦▪●○■–·→➤▶](?=[ \t])/u;
const controlLine =
  /^[ \t]*(?:(?:\{%(?:(?!%\})[^\n])*%\}|\{\{[#/^!][^{}\n]*\}\}|\{\{else\}\}|\{#(?:(?!#\})[^\n])*#\})[ \t]*)+$/;
const leadingTag = /^((?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))*[ \t]*)<([A-Za-z][\w:.-]*)(?:[ \t][^<>]*)?>/;
const trailingTag = /<\/([A-Za-z][\w:.-]*)>[ \t]*$/;
const rawJson = /^[ \t]*(?:\{[ \t]*(?:$|")|\[[ \t]*(?:$|["{]))/;
/** Raw JSON longer than this is not looked for: its end would be searched from every line. */
const longestRawJson = 20_000;
const containers = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))+/;

interface Line {
  readonly start: number;
  /** Without its line end. */
  readonly end: number;
}

export function maskText(text: string): MaskedText {
  const units = text.split('');
  const blank = ({ start, end }: TextRange): void => {
    for (let offset = start; offset < end; offset++) {
      if (units[offset] !== '\n' && units[offset] !== '\r') units[offset] = ' ';
    }
  };
  // The parser would skip a byte order mark without counting it.
  if (text.startsWith('\uFEFF')) units[0] = ' ';

  const lines = linesOf(text);
  const enclosing = enclosingTags(text, lines);
  const tags: Tag[] = [];
  const comments: TextRange[] = [];
  const examples: TextRange[] = [];
  const markers: Marker[] = [];
  const markerProblems: MarkerProblem[] = [];
  let unclosed = 0;
  let fence: string | undefined;
  let skipUntil = 0;
  for (const [index, line] of lines.entries()) {
    if (line.start < skipUntil) continue;
    let raw = text.slice(line.start, line.end);

    const fenceMatch = fenceLine.exec(raw);
    if (fence !== undefined) {
      const closes = fenceMatch?.[1]?.startsWith(fence) === true && fenceMatch[2]?.trim() === '';
      if (closes) fence = undefined;
      continue;
    }
    if (fenceMatch?.[1] !== undefined && !(fenceMatch[1].startsWith('`') && fenceMatch[2]?.includes('`') === true)) {
      fence = fenceMatch[1];
      continue;
    }

    const found = markersOf(raw, line.start, markerProblems);
    if (found.ranges.length > 0) {
      markers.push(...found.markers);
      found.ranges.forEach(blank);
      raw = units.slice(line.start, line.end).join('');
    }
    const opaqueEnd = unclosed < maxUnclosed ? (exampleEnd(text, line, raw) ?? jsonEnd(text, line, raw)) : undefined;
    if (opaqueEnd !== undefined) {
      const range = { start: line.start + raw.length - raw.trimStart().length, end: opaqueEnd };
      examples.push(range);
      blank(range);
      skipUntil = opaqueEnd;
      continue;
    }
    const comment = unclosed < maxUnclosed ? commentEnd(text, line, raw) : undefined;
    if (comment !== undefined) {
      const range = { start: line.start + raw.indexOf('<!--'), end: comment };
      comments.push(range);
      blank(range);
      skipUntil = comment;
      continue;
    }
    if (/^[ \t]*<!--/.test(raw) || exampleOpening.test(raw) || rawJson.test(raw)) unclosed++;
    if (tagLine.test(raw) || controlLine.test(raw)) {
      const range = { start: line.start + raw.length - raw.trimStart().length, end: line.start + raw.trimEnd().length };
      tags.push({ range, ...tagName(raw) });
      blank(range);
      continue;
    }
    for (const range of enclosing.get(index) ?? []) blank(range);
    const bullet = unicodeBullet.exec(raw);
    if (bullet !== null) units.fill(' ', line.start + bullet[1]!.length, line.start + bullet[0].length);
    if (bullet !== null) units[line.start + bullet[1]!.length] = '-';
    const depth = containers.exec(raw)?.[0];
    if (depth !== undefined && depth.length > maxContainerDepth) flatten(units, line.start, depth);
  }
  return { text: units.join(''), tags, comments, examples, markers, markerProblems };
}

/** Tags before and after the text of their lines whose partner stands at the end or start of the same or another line. */
function enclosingTags(text: string, lines: readonly Line[]): ReadonlyMap<number, readonly TextRange[]> {
  const openings = new Map<string, { line: number; range: TextRange | undefined }[]>();
  const found = new Map<number, TextRange[]>();
  const add = (line: number, range: TextRange): void => {
    const ranges = found.get(line);
    if (ranges === undefined) found.set(line, [range]);
    else ranges.push(range);
  };
  for (const [index, line] of lines.entries()) {
    const raw = text.slice(line.start, line.end);
    if (!raw.includes('<')) continue;
    const opening = leadingTag.exec(raw);
    if (opening !== null) {
      const range = { start: line.start + opening[1]!.length, end: line.start + opening[0].length };
      const same = openings.get(opening[2]!) ?? [];
      openings.set(opening[2]!, [
        ...same.slice(-maxUnclosed),
        { line: index, range: tagLine.test(raw) ? undefined : range },
      ]);
    }
    const closing = trailingTag.exec(raw);
    const partner = closing === null ? undefined : openings.get(closing[1]!)?.pop();
    if (closing === null || partner === undefined) continue;
    if (partner.range !== undefined) add(partner.line, partner.range);
    if (!tagLine.test(raw)) add(index, { start: line.start + closing.index, end: line.start + raw.trimEnd().length });
  }
  return found;
}

function tagName(raw: string): Pick<Tag, 'opens' | 'closes'> {
  const match = /^[ \t]*<(\/?)([A-Za-z][\w:.-]*)/.exec(raw);
  if (match === null || /\/>[ \t]*$/.test(raw)) return {};
  const name = match[2]!.replace(/([a-z])(?=[A-Z])/g, '$1 ').replace(/[_:.-]+/g, ' ');
  return match[1] === '/' ? { closes: name } : { opens: name };
}

/** End of the JSON value that opens in this line, if it ends a line too; undefined when there is none. */
function jsonEnd(text: string, line: Line, raw: string): number | undefined {
  if (!rawJson.test(raw)) return undefined;
  const end = Math.min(text.length, line.start + longestRawJson);
  let depth = 0;
  let quoted = false;
  for (let offset = line.start; offset < end; offset++) {
    const unit = text[offset]!;
    if (quoted) {
      if (unit === '\\') offset++;
      else if (unit === '"' || unit === '\n') quoted = false;
    } else if (unit === '"') {
      quoted = true;
    } else if (unit === '{' || unit === '[') {
      depth++;
    } else if ((unit === '}' || unit === ']') && --depth === 0) {
      const closes = /^[,;]?(?=[ \t]*(?:[\r\n]|$))/.exec(text.slice(offset + 1, offset + 40));
      return closes === null ? undefined : offset + 1 + closes[0].length;
    }
  }
  return undefined;
}

/** Blanks the container markers beyond the deepest allowed one. Mutates `units`. */
function flatten(units: string[], start: number, markers: string): void {
  let depth = 0;
  for (const marker of markers.matchAll(/>|[-*+]|\d+[.)]/g)) {
    if (++depth > maxContainerDepth) units.fill(' ', start + marker.index, start + marker.index + marker[0].length);
  }
}

/** End of a tag pair that opens in this line and is named like an example; undefined when there is none. */
function exampleEnd(text: string, line: Line, raw: string): number | undefined {
  const name = exampleOpening.exec(raw)?.[1];
  if (name === undefined) return undefined;
  const tag = new RegExp(`<(/?)${name.replace(/[.\\]/g, '\\$&')}(?:[ \\t][^<>]*)?>`, 'giu');
  tag.lastIndex = line.start;
  let depth = 0;
  for (let match = tag.exec(text); match !== null; match = tag.exec(text)) {
    depth += match[1] === '/' ? -1 : 1;
    if (depth === 0) return match.index + match[0].length;
  }
  return undefined;
}

/** End of a comment that opens this line and is alone on its lines; undefined when there is none. */
function commentEnd(text: string, line: Line, raw: string): number | undefined {
  if (!/^[ \t]*<!--/.test(raw)) return undefined;
  const close = text.indexOf('-->', line.start + raw.indexOf('<!--') + 4);
  if (close === -1) return undefined;
  const after = /^[ \t]*(?=[\r\n]|$)/.exec(text.slice(close + 3, close + 200));
  return after === null ? undefined : close + 3;
}

export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const match of text.matchAll(/\r\n|\n|\r/g)) {
    lines.push({ start, end: match.index });
    start = match.index + match[0].length;
  }
  lines.push({ start, end: text.length });
  return lines;
}
