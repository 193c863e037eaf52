import type { Hole, MappedText, TextRange } from '../prompt.ts';
import { MappedTextBuilder } from './mappedText.ts';
import type { ExtractionOptions } from './promptSource.ts';

/**
 * Template languages by how they mark variables and blocks. `jinja` is Nunjucks as well, `handlebars` is Mustache as well,
 * `braces` is Python's `str.format` and LangChain's default, `dollar` is `${name}` and `$NAME`.
 */
export type TemplateLanguage = 'jinja' | 'handlebars' | 'semantic-kernel' | 'braces' | 'dollar';

/** What a piece of a template does: `zero` has no text (comment, tag), `literal` stands for other characters. */
type Piece = { readonly range: TextRange; readonly trimBefore?: boolean; readonly trimAfter?: boolean } & (
  | { readonly kind: 'value'; readonly expression: string }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'zero' | 'open-branches' | 'open-body' | 'open-unsaid' | 'middle' | 'close' }
);

/**
 * The text with variables filled in (given values, then `samples`, then a stand-in) and one branch of every condition, or
 * all. Bodies of loops appear once. Never fails: a tag that is not closed is left out by itself.
 */
export function renderTemplate(
  source: MappedText,
  language: TemplateLanguage,
  samples: Readonly<Record<string, unknown>>,
  { standInTokens, branch, values }: ExtractionOptions,
): MappedText {
  const pieces = readPieces[language](source.text);
  if (pieces.length === 0) return source;
  const isKept = keptBranches(pieces, branch);
  const builder = new MappedTextBuilder();
  let at = 0;
  let trimNext = false;
  const literal = (end: number, trimEnd: boolean, keep: boolean): void => {
    let start = at;
    if (trimNext) while (start < end && /\s/.test(source.text[start]!)) start++;
    if (trimEnd) while (end > start && /\s/.test(source.text[end - 1]!)) end--;
    if (keep && end > start) builder.append(source, { start, end });
  };
  for (const [index, piece] of pieces.entries()) {
    literal(piece.range.start, piece.trimBefore === true, isKept.before[index]!);
    at = piece.range.end;
    trimNext = piece.trimAfter === true;
    if (!isKept.self[index]! || (piece.kind !== 'value' && piece.kind !== 'literal')) continue;
    const pieceOf = piecesOf(source, piece.range);
    if (piece.kind === 'literal') builder.decoded(piece.text, pieceOf.file, pieceOf);
    else {
      const { text, from } = valueOf(piece.expression, values, samples, standInTokens);
      const hole: Hole = { name: nameOf(piece.expression), from };
      builder.decoded(text, pieceOf.file, { encoding: pieceOf.encoding, hole });
    }
  }
  literal(source.text.length, false, true);
  return builder.build();
}

/** Where a range of a mapped text stands in its file, and how it is written there. */
function piecesOf(source: MappedText, range: TextRange) {
  const { segments } = new MappedTextBuilder().append(source, range).build();
  const [first, last] = [segments[0]!, segments.at(-1)!];
  const file = { start: first.file.start, end: Math.max(first.file.end, last.file.end) };
  return { file, encoding: first.encoding, hole: first.hole };
}

/** Neutral words, about one token each: a variable without a sample has some length, and no meaning. */
export function standIn(tokens: number): string {
  const words = ['some', 'given', 'text', 'here'];
  return Array.from({ length: tokens }, (_, i) => words[i % words.length]!).join(' ');
}

const nameOf = (expression: string): string => expression.trim().slice(0, 80);

function valueOf(
  expression: string,
  values: Readonly<Record<string, unknown>>,
  samples: Readonly<Record<string, unknown>>,
  standInTokens: number,
): { text: string; from: Hole['from'] } {
  const path = /^[\s$&]*([A-Za-z_@][\w-]*(?:\.[\w-]+)*)/.exec(expression)?.[1]?.split('.') ?? [];
  for (const known of [values, samples]) {
    const text = textOf(lookUp(known, path));
    if (text !== undefined) return { text, from: 'sample' };
  }
  const fallback = /\|\s*default\(\s*(?:"([^"]*)"|'([^']*)')/.exec(expression);
  if (fallback !== null) return { text: fallback[1] ?? fallback[2] ?? '', from: 'sample' };
  return { text: standIn(standInTokens), from: 'stand-in' };
}

function lookUp(values: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return undefined;
  let value = values;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value.replaceAll(/\r\n?/g, '\n');
  return JSON.stringify(value);
}

/** Which pieces, and which text before each, are in the chosen branches. */
function keptBranches(
  pieces: readonly Piece[],
  branch: ExtractionOptions['branch'],
): { before: boolean[]; self: boolean[] } {
  interface Block {
    /** From the piece that opens a branch to the one that ends it. */
    readonly branches: { start: number; end: number }[];
    readonly opened: Piece['kind'];
  }
  // How many dropped branches begin less end at a piece: nested blocks add up, and no range is walked twice.
  const before = new Int32Array(pieces.length + 2);
  const self = new Int32Array(pieces.length + 2);
  const open: Block[] = [];
  const finish = ({ branches, opened }: Block): void => {
    if (opened === 'open-branches' && branch === 'all') return;
    // A loop's `else` is for no item at all: its body counts.
    const isFirst = opened === 'open-body' || branch === 'first';
    const chosen = opened === 'open-unsaid' ? undefined : isFirst ? 0 : branches.length - 1;
    for (const [i, { start, end }] of branches.entries()) {
      if (i === chosen) continue;
      before[start + 1]!++;
      before[end + 1]!--;
      self[start + 1]!++;
      self[Math.max(end, start + 1)]!--;
    }
  };
  for (const [index, { kind }] of pieces.entries()) {
    if (kind === 'open-branches' || kind === 'open-body' || kind === 'open-unsaid') {
      open.push({ branches: [{ start: index, end: index }], opened: kind });
    } else if (kind === 'middle' && open.length > 0) {
      const { branches } = open.at(-1)!;
      branches.at(-1)!.end = index;
      branches.push({ start: index, end: index });
    } else if (kind === 'close' && open.length > 0) {
      const block = open.pop()!;
      block.branches.at(-1)!.end = index;
      finish(block);
    }
  }
  const isKept = (changes: Int32Array): boolean[] => {
    let depth = 0;
    return pieces.map((_, index) => (depth += changes[index]!) === 0);
  };
  return { before: isKept(before), self: isKept(self) };
}

const readPieces: Readonly<Record<TemplateLanguage, (text: string) => Piece[]>> = {
  jinja: jinjaPieces,
  handlebars: handlebarsPieces,
  'semantic-kernel': semanticKernelPieces,
  braces: bracesPieces,
  dollar: dollarPieces,
};

const rangeOf = (match: RegExpMatchArray): TextRange => ({ start: match.index!, end: match.index! + match[0].length });

/** No alternative reads past the start of another tag: many tags that are not closed stay cheap. */
const jinjaTag =
  /\{\{([-+]?)([^{}]*(?:\{[^{}]*\}[^{}]*)*)([-+]?)\}\}|\{%([-+]?)((?:[^%{]|%(?!\})|\{(?!%))*)%\}|\{#(?:[^#{]|#(?!\})|\{(?!#))*#\}/g;

function jinjaPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let rawUntil = 0;
  for (const match of text.matchAll(jinjaTag)) {
    const range = rangeOf(match);
    if (range.start < rawUntil) continue;
    if (match[2] !== undefined) {
      const expression = match[2].replace(/-$/, '');
      const trims = { trimBefore: match[1] === '-', trimAfter: match[2].endsWith('-') || match[3] === '-' };
      pieces.push({ kind: 'value', range, expression, ...trims });
    } else if (match[5] !== undefined) {
      const trims = { trimBefore: match[4] === '-', trimAfter: match[5].endsWith('-') };
      const tag = /^\s*(\w+)/.exec(match[5])?.[1] ?? '';
      if (tag === 'raw' || tag === 'verbatim') {
        const end = new RegExp(`\\{%-?\\s*end${tag}\\s*-?%\\}`, 'g');
        end.lastIndex = range.end;
        rawUntil = end.exec(text)?.index ?? text.length;
      }
      pieces.push({ kind: jinjaTags[tag] ?? 'zero', range, ...trims });
    } else pieces.push({ kind: 'zero', range });
  }
  return pieces;
}

const jinjaTags: Readonly<Record<string, 'open-branches' | 'open-body' | 'open-unsaid' | 'middle' | 'close'>> = {
  if: 'open-branches',
  for: 'open-body',
  // What a macro says stands where it is called.
  macro: 'open-unsaid',
  elif: 'middle',
  elseif: 'middle',
  else: 'middle',
  endif: 'close',
  endfor: 'close',
  endmacro: 'close',
};

function handlebarsPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  const tag = /\{\{\{([^{}]*)\}\}\}|\{\{(~?)([^{}]*?)(~?)\}\}/y;
  let commentsEnd = true; // false once no comment is closed any more
  for (let at = text.indexOf('{{'); at >= 0; at = text.indexOf('{{', at)) {
    if (/^\{\{~?!--/.test(text.slice(at, at + 6)) && commentsEnd) {
      const end = text.indexOf('--', at + 5);
      const close = end < 0 ? -1 : text.indexOf('}}', end);
      commentsEnd = close >= 0;
      if (close >= 0) {
        pieces.push({ kind: 'zero', range: wholeLine(text, { start: at, end: close + 2 }) });
        at = pieces.at(-1)!.range.end;
        continue;
      }
    }
    tag.lastIndex = at;
    const match = tag.exec(text);
    if (match === null) {
      at += 2;
      continue;
    }
    const range = rangeOf(match);
    const inner = (match[1] ?? match[3] ?? '').trim();
    const trims = { trimBefore: match[2] === '~', trimAfter: match[4] === '~' };
    const kind = handlebarsKind(inner);
    if (kind === 'value') pieces.push({ kind, range, expression: inner, ...trims });
    else pieces.push({ kind, range: wholeLine(text, range), ...trims });
    at = pieces.at(-1)!.range.end;
  }
  return pieces;
}

function handlebarsKind(inner: string): Exclude<Piece['kind'], 'literal'> {
  if (/^#\s*(?:if|unless|ifEquals|unlessEquals)\b/.test(inner)) return 'open-branches';
  if (inner.startsWith('#')) return 'open-body';
  if (inner.startsWith('^') && inner !== '^') return 'open-body';
  if (inner === '^' || /^else\b/.test(inner)) return 'middle';
  if (inner.startsWith('/')) return 'close';
  if (/^[!>]/.test(inner) || inner === '' || /^(?:history|section|media)\b/.test(inner)) return 'zero';
  return 'value';
}

/** A tag without text that stands alone on its line takes the line with it, as Mustache and Handlebars do. */
function wholeLine(text: string, { start, end }: TextRange): TextRange {
  let first = start;
  while (first > 0 && /[ \t]/.test(text[first - 1]!)) first--;
  let last = end;
  while (last < text.length && /[ \t]/.test(text[last]!)) last++;
  const startsLine = first === 0 || text[first - 1] === '\n';
  if (!startsLine || (last < text.length && text[last] !== '\n')) return { start, end };
  return { start: first, end: Math.min(last + 1, text.length) };
}

function semanticKernelPieces(text: string): Piece[] {
  return [...text.matchAll(/\{\{([^{}]*)\}\}/g)].map((match) => ({
    kind: 'value',
    range: rangeOf(match),
    expression: match[1]!,
  }));
}

function bracesPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const match of text.matchAll(/\{\{|\}\}|\{([A-Za-z_][\w.[\]]*)?(?:![rsa])?(?::[^{}]*)?\}/g)) {
    const range = rangeOf(match);
    if (match[0] === '{{' || match[0] === '}}') pieces.push({ kind: 'literal', range, text: match[0][0]! });
    else pieces.push({ kind: 'value', range, expression: match[1] ?? '' });
  }
  return pieces;
}

function dollarPieces(text: string): Piece[] {
  return [...text.matchAll(/\$\{([^{}]*)\}|\$(ARGUMENTS|\d)\b/g)].map((match) => ({
    kind: 'value',
    range: rangeOf(match),
    expression: match[1] ?? match[2]!,
  }));
}
