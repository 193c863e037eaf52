import type { Encoding, MappedText, TextRange } from '../../prompt.ts';
import { MappedTextBuilder } from '../mappedText.ts';
import { escapedLines } from './dataNode.ts';

/**
 * A scalar's text with its map. The parser's own value is the judge: where the walk over the source comes to another text,
 * the scalar maps as a whole, which is coarse and never wrong.
 */
export function decodeYamlScalar(file: string, range: TextRange, type: string | undefined, value: string): MappedText {
  for (const read of walks(file, range, type)) {
    const mapped = read();
    if (mapped.text === value) return mapped;
  }
  return new MappedTextBuilder().decoded(value, range).build();
}

function walks(file: string, range: TextRange, type: string | undefined): (() => MappedText)[] {
  switch (type) {
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED':
      return blockWalks(file, range, type === 'BLOCK_FOLDED');
    case 'QUOTE_DOUBLE':
      return [() => decodeQuoted(file, range, doubleQuoted)];
    case 'QUOTE_SINGLE':
      return [() => decodeQuoted(file, range, singleQuoted)];
    default:
      return [() => decodeFlow(file, range, plainScalar)];
  }
}

interface Line {
  /** Without indent and line end. */
  readonly start: number;
  readonly end: number;
  /** After the line end. */
  readonly next: number;
  readonly indent: number;
}

function blockWalks(file: string, range: TextRange, folded: boolean): (() => MappedText)[] {
  const header = /^[|>]([^\r\n#]*)(?:#[^\r\n]*)?(?:\r\n|\n|\r)/.exec(file.slice(range.start, range.start + 1000));
  if (header === null) return [];
  const bodyStart = range.start + header[0].length;
  const raw = file.slice(bodyStart, range.end);
  const explicit = /[1-9]/.test(header[1]!);
  const detected = /^(?:[ ]*(?:\r\n|\n|\r))*([ ]*)/.exec(raw)?.[1]?.length ?? 0;
  // An indicator counts from the parent, whose indent is not at hand: the smallest that gives the value is it.
  const indents = explicit ? Array.from({ length: 24 }, (_, i) => i + 1) : [detected];
  return indents.map((indent) => () => decodeBlock(file, bodyStart, range.end, indent, folded, header[1]!));
}

function decodeBlock(
  file: string,
  start: number,
  end: number,
  indent: number,
  folded: boolean,
  header: string,
): MappedText {
  const lines: Line[] = [];
  for (let at = start; at < end;) {
    const lineEnd = /\r\n|\n|\r/g;
    lineEnd.lastIndex = at;
    const match = lineEnd.exec(file);
    const stop = match === null || match.index >= end ? end : match.index;
    const next = match === null || match.index >= end ? end : match.index + match[0].length;
    let content = at;
    while (content < stop && content - at < indent && file[content] === ' ') content++;
    lines.push({ start: content, end: stop, next, indent: content - at });
    at = next;
  }
  let last = lines.length;
  while (last > 0 && lines[last - 1]!.start === lines[last - 1]!.end) last--;
  const spaces = ' '.repeat(indent);
  const lineEnd = file.includes('\r\n') ? '\r\n' : '\n';
  const encoding: Encoding = folded
    ? { escape: 'none', quote: '', lineEnd: `${lineEnd}${lineEnd}${spaces}`, blankLineEnd: lineEnd }
    : { escape: 'none', quote: '', lineEnd: lineEnd + spaces, blankLineEnd: lineEnd };
  const builder = new MappedTextBuilder();
  const put = (line: Line): unknown => builder.verbatim(file.slice(line.start, line.end), line.start, { encoding });
  const separate = (text: string, from: Line | undefined, to: number): void => {
    let at = from === undefined ? start : from.end;
    for (let i = 0; i < text.length; i++) {
      const stop = Math.max(at, i === text.length - 1 ? to : Math.min(to, nextLine(file, at)));
      builder.decoded(text[i]!, { start: at, end: stop }, { encoding });
      at = stop;
    }
  };

  let separator = '';
  let previous: Line | undefined;
  let prevMoreIndented = false;
  for (const [index, line] of lines.slice(0, last).entries()) {
    const isBlank = line.start === line.end;
    if (!folded) {
      if (index > 0) separate('\n', previous, line.start);
      put(line);
      previous = line;
      continue;
    }
    const first = file[line.start];
    if (!isBlank && (first === ' ' || first === '\t')) {
      if (separator === ' ') separator = '\n';
      else if (!prevMoreIndented && separator === '\n') separator = '\n\n';
      separate(separator, previous, line.start);
      put(line);
      separator = '\n';
      prevMoreIndented = true;
      previous = line;
    } else if (isBlank) {
      if (separator === '\n' || separator === '') {
        separate('\n', previous, line.next);
        previous = { ...line, end: line.next };
      } else separator = '\n';
    } else {
      separate(separator, previous, line.start);
      put(line);
      separator = ' ';
      prevMoreIndented = false;
      previous = line;
    }
  }
  const chomp = header.includes('-') ? 'strip' : header.includes('+') ? 'keep' : 'clip';
  if (chomp === 'strip' || (last === 0 && chomp === 'clip')) return builder.build();
  if (chomp === 'clip') separate('\n', previous, previous?.next ?? end);
  else
    for (const line of lines.slice(Math.max(0, last - 1))) {
      builder.decoded('\n', { start: line.end, end: line.next }, { encoding });
    }
  return builder.build();
}

function nextLine(file: string, at: number): number {
  const end = file.indexOf('\n', at);
  return end < 0 ? file.length : end + 1;
}

interface Flow {
  readonly encoding: Encoding;
  /** The escape that opens here: its text and length; undefined where there is none. */
  readonly escape: (file: string, at: number) => { text: string; length: number } | undefined;
}

const doubleQuoted: Flow = {
  encoding: escapedLines('yaml-double', '"'),
  escape: (file, at) => (file[at] === '\\' ? doubleEscape(file, at) : undefined),
};
const singleQuoted: Flow = {
  encoding: { escape: 'yaml-single', quote: "'", lineEnd: '\n\n', blankLineEnd: '\n' },
  escape: (file, at) => (file[at] === "'" && file[at + 1] === "'" ? { text: "'", length: 2 } : undefined),
};
const plainScalar: Flow = {
  encoding: { escape: 'none', quote: '', lineEnd: '\n\n', blankLineEnd: '\n' },
  escape: () => undefined,
};

const decodeQuoted = (file: string, { start, end }: TextRange, flow: Flow): MappedText =>
  decodeFlow(file, { start: start + 1, end: end - 1 }, flow);

/** A quoted or plain scalar: a line break is a space, each further one a line end. */
function decodeFlow(file: string, { start, end }: TextRange, { encoding, escape }: Flow): MappedText {
  const builder = new MappedTextBuilder();
  const traits = { encoding };
  let literal = start;
  for (let at = start; at < end;) {
    const escaped = escape(file, at);
    if (escaped !== undefined) {
      builder.verbatim(file.slice(literal, at), literal, traits);
      builder.decoded(escaped.text, { start: at, end: at + escaped.length }, traits);
      at += escaped.length;
      literal = at;
      continue;
    }
    const fold = /[ \t]*(?:\r\n|\n|\r)[ \t\r\n]*/y;
    fold.lastIndex = at;
    const match = /[ \t\r\n]/.test(file[at]!) ? fold.exec(file) : null;
    if (match === null) {
      // White space that no line break follows is text, and is passed in one step: runs of it must not be tried again.
      const run = /[ \t]+/y;
      run.lastIndex = at;
      at += run.exec(file)?.[0].length ?? 1;
      continue;
    }
    builder.verbatim(file.slice(literal, at), literal, traits);
    const breaks = match[0].match(/\r\n|\n|\r/g)!.length;
    let from = at;
    const stop = Math.min(at + match[0].length, end);
    for (let i = 1; i < breaks; i++) {
      const to = Math.min(nextLine(file, from), stop);
      builder.decoded('\n', { start: from, end: i === breaks - 1 ? stop : to }, traits);
      from = to;
    }
    if (breaks === 1) builder.decoded(' ', { start: at, end: stop }, traits);
    at = stop;
    literal = at;
  }
  return builder.verbatim(file.slice(literal, end), literal, traits).build();
}

const doubleEscapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
};

function doubleEscape(file: string, at: number): { text: string; length: number } {
  const letter = file[at + 1] ?? '';
  const digits = { x: 2, u: 4, U: 8 }[letter];
  if (digits !== undefined) {
    const code = parseInt(file.slice(at + 2, at + 2 + digits), 16);
    const text = Number.isNaN(code) || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
    return { text, length: 2 + digits };
  }
  const lineBreak = /\\(?:\r\n|\n|\r)[ \t]*/y;
  lineBreak.lastIndex = at;
  const joined = lineBreak.exec(file);
  if (joined !== null) return { text: '', length: joined[0].length };
  return { text: doubleEscapes[letter] ?? letter, length: 2 };
}
