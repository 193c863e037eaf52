import type { TextRange } from '../prompt.ts';

/** Structure that Markdown does not know, found before the Markdown parser runs. */
export interface MaskedText {
  /**
   * The text with that structure blanked out: same length, same line ends. Tag lines and comments become blank lines, so
   * that the text between tags is parsed as Markdown; bullets like `•` become `-`.
   */
  readonly text: string;
  /** Lines that hold only a tag. */
  readonly tags: readonly TextRange[];
  /** HTML comments on lines of their own. */
  readonly comments: readonly TextRange[];
  /** Tag pairs named like example or sample, tags included. */
  readonly examples: readonly TextRange[];
}

/** Deeper containers than any prompt has; the Markdown parser is quadratic in them. */
const maxContainerDepth = 24;

/** Each tag or comment without an end costs a search through the rest of the text. */
const maxUnclosed = 64;

const fenceLine = /^(?:[ \t]*(?:>|[-*+•](?=[ \t])|\d{1,9}[.)](?=[ \t])))*[ \t]*(`{3,}|~{3,})([^\n]*)$/;
const tagLine = /^[ \t]*<\/?[A-Za-z][\w:.-]*(?:[ \t][^<>]*)?\/?>[ \t]*$/;
const exampleOpening =
  /^[ \t]*<([\p{L}\w:.-]*(?:example|sample|beispiel|exemple|ejemplo)[\p{L}\w:.-]*)(?:[ \t][^<>]*)?>/iu;
const unicodeBullet = /^([ \t]*)[•‣◦▪●○■–·](?=[ \t])/;
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
  const tags: TextRange[] = [];
  const comments: TextRange[] = [];
  const examples: TextRange[] = [];
  let unclosed = 0;
  let fence: string | undefined;
  let skipUntil = 0;
  for (const line of lines) {
    if (line.start < skipUntil) continue;
    const raw = text.slice(line.start, line.end);

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

    const example = unclosed < maxUnclosed ? exampleEnd(text, line, raw) : undefined;
    if (example !== undefined) {
      const range = { start: line.start + raw.length - raw.trimStart().length, end: example };
      examples.push(range);
      blank(range);
      skipUntil = example;
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
    if (/^[ \t]*<!--/.test(raw) || exampleOpening.test(raw)) unclosed++;
    if (tagLine.test(raw)) {
      const range = { start: line.start + raw.length - raw.trimStart().length, end: line.start + raw.trimEnd().length };
      tags.push(range);
      blank(range);
      continue;
    }
    const bullet = unicodeBullet.exec(raw);
    if (bullet !== null) units[line.start + bullet[1]!.length] = '-';
    const depth = containers.exec(raw)?.[0];
    if (depth !== undefined && depth.length > maxContainerDepth) flatten(units, line.start, depth);
  }
  return { text: units.join(''), tags, comments, examples };
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
