import { lastAtMost } from './ascending.ts';
import type { MappedText, Segmentation, Span, TextRange } from './prompt.ts';
import { segment } from './segmentation/index.ts';

/** From this share of a span on, template variables and imports are what it says, not the author. */
const mostlyHole = 0.5;

/**
 * The segmentation of a prompt: its text's, where what stands mostly in a hole is context. Findings are about words that the
 * file holds.
 */
export function segmentPrompt(prompt: MappedText): Segmentation {
  const segmentation = segment(prompt.text);
  if (prompt.segments.every(({ hole }) => hole === undefined)) return segmentation;
  const isHole = ({ range }: Span): boolean => holeLength(prompt, range) > mostlyHole * (range.end - range.start);
  return {
    ...segmentation,
    spans: segmentation.spans.map((span) => (isHole(span) ? { ...span, kind: 'context' } : span)),
    instructions: segmentation.instructions.filter((instruction) => !isHole(instruction)),
  };
}

function holeLength({ segments }: MappedText, range: TextRange): number {
  let length = 0;
  let index = lastAtMost(segments.length, (i) => segments[i]!.text.start, range.start);
  for (; index < segments.length && segments[index]!.text.start < range.end; index++) {
    const { text, hole } = segments[index]!;
    if (hole !== undefined) length += Math.max(0, Math.min(text.end, range.end) - Math.max(text.start, range.start));
  }
  return length;
}
