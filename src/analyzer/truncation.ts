import { fileOffsets, LineIndex } from './fileRanges.ts';
import type { LengthLimit, Prompt } from './prompt.ts';
import type { Truncation } from './report.ts';

/** Where tools cut a prompt off: the limits that its file exceeds. Exact, and needs no model. */
export function truncationsOf(prompt: Pick<Prompt, 'limits' | 'text' | 'segments'>, fileText: string): Truncation[] {
  const lines = new LineIndex(fileText);
  const own = fileOffsets(prompt, { start: 0, end: prompt.text.length });
  return (prompt.limits ?? []).flatMap((limit) => {
    const size = limit.unit === 'bytes' ? Buffer.byteLength(fileText) : fileText.length;
    if (limit.before + size <= limit.most) return [];
    const cut = Math.max(own.start, cutOffset(fileText, limit));
    if (cut >= own.end) return []; // blank lines at the end are no loss
    const { line } = lines.positionAt(cut);
    const lineEnd = lines.offsetAt({ line, character: Number.MAX_SAFE_INTEGER });
    const { tool, unit, most, before } = limit;
    return { tool, unit, most, before, size, range: lines.rangeOf({ start: cut, end: Math.min(lineEnd, own.end) }) };
  });
}

/** The first UTF-16 unit that the tool does not read. A character that does not fit whole is cut. */
function cutOffset(text: string, { unit, most, before }: LengthLimit): number {
  const room = Math.max(0, most - before);
  if (unit === 'characters') return Math.min(room, text.length);
  let bytes = 0;
  let offset = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) return offset;
    offset += character.length;
  }
  return offset;
}
