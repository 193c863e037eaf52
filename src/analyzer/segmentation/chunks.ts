import type { TextRange } from '../prompt.ts';
import { linesOf } from './mask.ts';

/** Parsed at once: the Markdown parser is more than linear in what it is given, and has a cost per call. */
const chunkLength = 4000;
/** A list longer than this is parsed in parts, as if it were several. */
const longestList = 16_000;

const fence = /^[ \t]{0,3}(`{3,}|~{3,})([^\n\r]*)$/;
const heading = /^#{1,6}(?:[ \t]|$)/;
const marker = /^(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;

/**
 * Cuts Markdown where every block ends anyway: before a heading, and before a line that is not indented and starts no list item after
 * a blank line. Parsing the chunks one by one then gives the same blocks, in time that grows linearly.
 */
export function independentChunks(text: string): TextRange[] {
  const chunks: TextRange[] = [];
  let start = 0;
  let open: string | undefined;
  let afterBlank = false;
  for (const line of linesOf(text)) {
    const raw = text.slice(line.start, line.end);
    const length = line.start - start;
    const isItem = marker.test(raw);
    const isFree = /^\S/.test(raw) && !isItem && (afterBlank || heading.test(raw));
    if (open === undefined && ((length >= chunkLength && isFree) || (length >= longestList && isItem))) {
      chunks.push({ start, end: line.start });
      start = line.start;
    }
    const [, marks, info] = fence.exec(raw) ?? [];
    if (marks !== undefined && open === undefined) open = marks;
    else if (marks !== undefined && open !== undefined && marks.startsWith(open) && info!.trim() === '')
      open = undefined;
    afterBlank = raw.trim() === '';
  }
  return [...chunks, { start, end: text.length }];
}
