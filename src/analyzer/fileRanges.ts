import { lastAtMost } from './ascending.ts';
import type { MappedText, Position, PromptSegment, TextRange } from './prompt.ts';
import type { FileRange } from './report.ts';

/** Offsets of a file's text as zero-based lines and characters, both in UTF-16 units. Lines end at `\n`, `\r\n` or `\r`. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(readonly text: string) {
    for (let offset = 0; offset < text.length; offset++) {
      const unit = text.charCodeAt(offset);
      if (unit === 13 && text.charCodeAt(offset + 1) === 10) continue;
      if (unit === 10 || unit === 13) this.#starts.push(offset + 1);
    }
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  /** Offsets outside the text are clamped. */
  positionAt(offset: number): Position {
    const clamped = Math.min(Math.max(offset, 0), this.text.length);
    const line = lastAtMost(this.#starts.length, (index) => this.#starts[index]!, clamped);
    return { line, character: clamped - this.#starts[line]! };
  }

  /** Lines outside the text and characters beyond the line's end are clamped. */
  offsetAt({ line, character }: Position): number {
    if (line < 0) return 0;
    const start = this.#starts[line];
    if (start === undefined) return this.text.length;
    const next = this.#starts[line + 1] ?? this.text.length + 1;
    return Math.min(start + Math.max(character, 0), next - 1);
  }

  /** The range with its positions, as reports carry it. */
  rangeOf({ start, end }: TextRange): FileRange {
    return { start: this.positionAt(start), end: this.positionAt(end), offsets: [start, end] };
  }
}

/**
 * Where a range of the prompt's text stands in its file, in offsets. A segment that is not verbatim maps to its whole raw
 * range; an empty range maps to a point.
 */
export function fileOffsets(prompt: MappedText, range: TextRange): TextRange {
  const { segments } = prompt;
  if (segments.length === 0) return { start: 0, end: 0 };
  const at = (offset: number): PromptSegment =>
    segments[lastAtMost(segments.length, (index) => segments[index]!.text.start, offset)]!;

  const first = at(range.start);
  const into = Math.min(range.start - first.text.start, first.text.end - first.text.start);
  const atEnd = range.start >= first.text.end;
  const start = first.verbatim ? first.file.start + into : atEnd ? first.file.end : first.file.start;
  if (range.end <= range.start) return { start, end: start };

  const last = at(range.end - 1);
  const end = last.verbatim ? last.file.start + Math.min(range.end, last.text.end) - last.text.start : last.file.end;
  // A constant that is used below another one stands before it in the file: then its first piece is shown.
  return { start, end: end >= start ? end : first.file.end };
}

/** The same with lines and characters of the file. */
export function toFileRange(prompt: MappedText, range: TextRange, lines: LineIndex): FileRange {
  return lines.rangeOf(fileOffsets(prompt, range));
}
