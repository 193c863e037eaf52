import type { PromptSegment, TextRange } from '../prompt.ts';
import type { Extraction } from './promptSource.ts';

/** A prompt that is the whole file, without byte order mark, front matter and blank edges. */
export function extractWholeFile(uri: string, fileText: string, source: string): Extraction {
  const bom = fileText.startsWith('\uFEFF') ? 1 : 0;
  const body = { start: frontMatterEnd(fileText, bom), end: fileText.length };
  const range = withoutBlankEdges(fileText, body);
  if (range.start >= range.end) {
    const reason = body.start > bom ? 'it holds front matter only' : 'it is empty';
    return { prompts: [], reason };
  }
  return { prompts: [{ uri, source, ...mapText(fileText, range) }], reason: null };
}

/** The text of a file range with its line ends as `\n`, and the map back. Each converted line end is a segment of its own. */
export function mapText(fileText: string, range: TextRange): { text: string; segments: PromptSegment[] } {
  const segments: PromptSegment[] = [];
  const parts: string[] = [];
  let length = 0;
  const push = (part: string, start: number, end: number, verbatim: boolean): void => {
    if (part === '') return;
    segments.push({ text: { start: length, end: length + part.length }, file: { start, end }, verbatim });
    parts.push(part);
    length += part.length;
  };
  let start = range.start;
  for (const match of fileText.slice(range.start, range.end).matchAll(/\r\n?/g)) {
    const at = range.start + match.index;
    push(fileText.slice(start, at), start, at, true);
    start = at + match[0].length;
    push('\n', at, start, false);
  }
  push(fileText.slice(start, range.end), start, range.end, true);
  return { text: parts.join(''), segments };
}

/**
 * Where front matter ends that opens at `start`: a `---` or `+++` line, keys, and the same line again. Read leniently,
 * since tools write globs that are no YAML; but a rule above text without keys is a rule, not front matter.
 */
function frontMatterEnd(text: string, start: number): number {
  const fence = /^(---|\+\+\+)[ \t]*(?:\r\n|\n|\r)/.exec(text.slice(start, start + 200));
  if (fence === null) return start;
  const close = new RegExp(`(?:^|[\\r\\n])${fence[1] === '---' ? '---' : '\\+\\+\\+'}[ \\t]*(?:\\r\\n|\\n|\\r|$)`, 'g');
  const bodyStart = start + fence[0].length;
  const rest = text.slice(bodyStart);
  const match = close.exec(rest);
  if (match === null) return start;
  const first = rest
    .slice(0, match.index)
    .split(/\r\n|\n|\r/)
    .find((line) => line.trim() !== '' && !line.startsWith('#'));
  if (first !== undefined && !/^\s*(?:"[^"]+"|'[^']+'|[\w.-]+)\s*[:=]|^\[/.test(first)) return start;
  return bodyStart + match.index + match[0].length;
}

/** Whole blank lines at both ends and the white space of the last line do not belong to the prompt. */
function withoutBlankEdges(text: string, { start, end }: TextRange): TextRange {
  let last = end;
  while (last > start && /\s/.test(text[last - 1]!)) last--;
  let first = start;
  for (let offset = start; offset < last && /\s/.test(text[offset]!); offset++) {
    if (text[offset] === '\n' || text[offset] === '\r') first = offset + 1;
  }
  return { start: first, end: last };
}
