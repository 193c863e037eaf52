import type { TextRange } from '../prompt.ts';
import { trim } from './trim.ts';

/** Words whose full stop does not end a sentence: English, German, French, Spanish. */
const abbreviations = new Set(
  (
    'e.g i.e etc vs mr mrs ms dr prof no nos st inc ltd co corp fig figs sec sect vol approx est min max incl excl resp dept ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec a.m p.m u.s u.k ph.d cf al ' +
    'z.b d.h u.a o.ä i.d.r u.u s.o s.u v.a bzw ca ggf inkl exkl usw evtl nr abs art bspw sog vgl str tel mwst zzgl z d u o b ' +
    'm mme mlle p.ex ex env pp p sr sra srta dr dra dres ud uds vd vds núm pág p.ej ej tfno dña'
  ).split(' '),
);

const months =
  /^(?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|jan|feb|mär|apr|jun|jul|aug|sep|okt|nov|dez)/i;

/** What stands before the number of `im 1. Stock`. */
const ordinalBefore = /(?:,|\b(?:am|zum|im|der|die|das|den|dem|vom|bis|ab|jede[mn]))\s+$/i;

const terminator = /[.!?…؟۔।]/;
const wideTerminator = /[。！？]/;
/** What may stand between a terminator and the white space after it. */
const closers = /["'”’»›)\]*_`」』）]/;
/** What a sentence starts with: an upper-case or caseless letter, a quote, or a mark. */
const opener = /[\p{Lu}\p{Lt}\p{Lo}"'“„‘«‹「¿¡*#\-([`<_]/u;

/** A line shorter than this was not wrapped, so its end is meant. */
const shortestWrappedLine = 50;
const longestQuote = 300;

/** Sentences of one paragraph or list item: trimmed, ascending, disjoint, holding every character that is not white space. */
export function splitSentences(text: string, range: TextRange): TextRange[] {
  const shielded = shieldedOffsets(text, range);
  const longest = text
    .slice(range.start, range.end)
    .split(/\r\n|\n|\r/)
    .reduce((length, line) => Math.max(length, line.trimEnd().length), 0);
  const sentences: TextRange[] = [];
  let start = range.start;
  const cut = (end: number): void => {
    const sentence = trim(text, { start, end });
    if (sentence.start < sentence.end) sentences.push(sentence);
    start = end;
  };
  for (let offset = range.start; offset < range.end; offset++) {
    const unit = text[offset]!;
    if (unit === '\n' || unit === '\r') {
      if (shielded[offset - range.start] === 0 && isLineEndMeant(text, range, offset, longest)) cut(offset + 1);
    } else if (wideTerminator.test(unit) || terminator.test(unit)) {
      const end = sentenceEndAt(text, range, offset, shielded);
      if (end !== undefined) {
        cut(end);
        offset = end - 1;
      }
    }
  }
  cut(range.end);
  return sentences;
}

/** Where the sentence ends whose terminator stands at `offset`; undefined when it is no end of a sentence. */
function sentenceEndAt(text: string, range: TextRange, offset: number, shielded: Uint8Array): number | undefined {
  let end = offset + 1;
  while (end < range.end && (terminator.test(text[end]!) || wideTerminator.test(text[end]!))) end++;
  const marksEnd = end;
  while (end < range.end && closers.test(text[end]!)) end++;
  // A terminator inside quotes or brackets ends the sentence only where they end too.
  if (shielded[offset - range.start] === 1 && shielded[end - range.start] === 1) return undefined;
  if (shielded[offset - range.start] === 2) return undefined;
  if (end >= range.end) return end;
  if (isWildcard(text, range, offset, end)) return undefined;
  if (wideTerminator.test(text[offset]!)) {
    // A quotation in the middle of a sentence: 「はい。」と言う。
    return end > marksEnd && !/\s/.test(text[end]!) ? undefined : end;
  }

  const gap = /^\s+(?:>\s*)*/.exec(text.slice(end, Math.min(range.end, end + 200)))?.[0];
  if (gap === undefined) return undefined;
  const rest = text.slice(end + gap.length, Math.min(range.end, end + gap.length + 12));
  if (!opener.test(String.fromCodePoint(rest.codePointAt(0) ?? 0x20))) return undefined;
  if (text[offset] === '.' && end === offset + 1) {
    const before = /[\p{L}\p{N}.]*$/u.exec(text.slice(Math.max(range.start, offset - 24), offset))?.[0] ?? '';
    if (abbreviations.has(before.length === 1 ? before : before.toLowerCase())) return undefined;
    if (/^\p{Lu}$/u.test(before) && /^[\s(]?$/.test(text.slice(Math.max(range.start, offset - 2), offset - 1)))
      return undefined; // an initial
    // `1. Mai`, and `1. First` where a number opens the line.
    if (/^\d{1,2}$/.test(before)) {
      const lineStart = /(?:^|[\n\r])[ \t>]*$/.test(
        text.slice(Math.max(range.start - 1, offset - before.length - 40, 0), offset - before.length),
      );
      const isOrdinal = ordinalBefore.test(
        text.slice(Math.max(range.start, offset - before.length - 8), offset - before.length),
      );
      if (isOrdinal || months.test(rest) || lineStart || offset - before.length === range.start) return undefined;
    }
  }
  return end;
}

/** `chrome.* APIs`: the star closes no emphasis, so that the full stop ends nothing. */
function isWildcard(text: string, range: TextRange, offset: number, end: number): boolean {
  if (text[offset] !== '.' || text[offset + 1] !== '*' || end !== offset + 2) return false;
  const lineStart = Math.max(range.start, text.lastIndexOf('\n', offset) + 1, offset - longestQuote);
  return (text.slice(lineStart, offset).match(/\*/g)?.length ?? 0) % 2 === 0;
}

/** Whether a line end separates two sentences although no terminator does, as in plain text without full stops. */
function isLineEndMeant(text: string, range: TextRange, offset: number, longest: number): boolean {
  if (text[offset] === '\r' && text[offset + 1] === '\n') return false; // decided at the \n
  let lineStart = offset;
  while (lineStart > range.start && text[lineStart - 1] !== '\n' && text[lineStart - 1] !== '\r') lineStart--;
  const line = text.slice(lineStart, offset).trimEnd();
  const next = /^[ \t>]*([^\n\r]*)/.exec(text.slice(offset + 1, range.end))?.[1] ?? '';
  if (line.trim() === '' || next === '') return false;
  if (/^(?:[*#\-•–—→✓✔✗✘❌✅]|\d{1,3}[.)])\s*\S/u.test(next)) return true;
  if (/[:;；：]$/.test(line) && !/^\p{Ll}/u.test(next)) return true;
  if (!opener.test(String.fromCodePoint(next.codePointAt(0) ?? 0x20)) && !/^\p{Extended_Pictographic}/u.test(next))
    return false;
  if (/[,(–—-]$/.test(line)) return false;
  const firstWord = /^\S+/.exec(next)?.[0].length ?? 0;
  const fitted = line.length + 1 + firstWord <= longest;
  return fitted || line.length < shortestWrappedLine;
}

/** Per character of the range: 1 inside quotes or brackets, 2 inside code or a URL (never an end), 0 elsewhere. */
function shieldedOffsets(text: string, range: TextRange): Uint8Array {
  const source = text.slice(range.start, range.end);
  const shielded = new Uint8Array(source.length);
  for (const { start, end } of quotedRanges(source)) shielded.fill(1, start, end);
  for (const { start, end } of codeRanges(source)) shielded.fill(2, start, end);
  for (const match of source.matchAll(/\b(?:https?:\/\/|www\.)\S*[\p{L}\p{N}/]/gu)) {
    shielded.fill(2, match.index, match.index + match[0].length);
  }
  return shielded;
}

/** Inline code, backticks included. */
export function codeRanges(text: string): TextRange[] {
  const ranges: TextRange[] = [];
  const runs = [...text.matchAll(/`+/g)];
  // Next run of the same length closes; looked up from the end so that the search is linear.
  const closing = new Array<number>(runs.length).fill(-1);
  const lastOfLength = new Map<number, number>();
  for (let index = runs.length - 1; index >= 0; index--) {
    const length = runs[index]![0].length;
    closing[index] = lastOfLength.get(length) ?? -1;
    lastOfLength.set(length, index);
  }
  for (let index = 0; index < runs.length; index++) {
    const close = closing[index]!;
    if (close === -1) continue;
    ranges.push({ start: runs[index]!.index, end: runs[close]!.index + runs[close]![0].length });
    index = close;
  }
  return ranges;
}

const quotePatterns = [
  new RegExp(`"[^"\\n]{0,${longestQuote}}"`, 'g'),
  new RegExp(`[“„][^“”„]{0,${longestQuote}}[“”]`, 'g'),
  new RegExp(`«[^«»]{0,${longestQuote}}»`, 'g'),
  new RegExp(`「[^「」]{0,${longestQuote}}」`, 'g'),
  // A single quote opens after white space or a bracket and closes before white space or punctuation: not in "can't".
  new RegExp(`(?<![\\p{L}\\p{N}])['‘](?=\\S)[^\\n]{0,${longestQuote}}?(?<=\\S)['’](?![\\p{L}\\p{N}])`, 'gu'),
  /\([^()]{0,200}\)/g,
];

/** Quotations and parentheses, marks included; they may overlap. */
export function quotedRanges(text: string): TextRange[] {
  return quotePatterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length })),
  );
}
