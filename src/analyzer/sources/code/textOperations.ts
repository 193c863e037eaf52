import type { Encoding, Hole, MappedText, PromptSegment, TextRange } from '../../prompt.ts';
import { mapLines, MappedTextBuilder, slice, withLineFeeds } from '../mappedText.ts';

/** A variable in code whose value is not known: it stands between quotes, or inside of them. */
export const unknownValue = (text: string, file: TextRange, name: string, encoding?: Encoding): MappedText =>
  foreignHole(text, file, { name: name.slice(0, 80), from: 'stand-in' }, encoding);

/** Text that does not stand in the file: between quotes, or inside of them. */
export function foreignHole(text: string, file: TextRange, hole: Hole, encoding?: Encoding): MappedText {
  const placed: Hole = encoding === undefined ? { ...hole, isOutside: true } : hole;
  return new MappedTextBuilder().decoded(text, file, { encoding, hole: placed }).build();
}

/** The same text where line ends of the literals carry the indent that was taken away. */
function withIndent(source: MappedText, indent: string): MappedText {
  const encodings = new Map<Encoding, Encoding>();
  const indented = (encoding: Encoding): Encoding => {
    if (!encoding.lineEnd.includes('\n')) return encoding;
    const known = encodings.get(encoding) ?? { ...encoding, lineEnd: `${encoding.lineEnd}${indent}` };
    encodings.set(encoding, known);
    return known;
  };
  const segments = source.segments.map((segment): PromptSegment =>
    segment.encoding === undefined ? segment : { ...segment, encoding: indented(segment.encoding) },
  );
  return { text: source.text, segments };
}

const blanksBefore = (line: string): string => /^[ \t]*/.exec(line)![0];

/** As Python's `textwrap` sees it: other white space is text. */
const isBlank = (line: string): boolean => /^[ \t]*$/.test(line);

/** Python's `textwrap.dedent`: without the white space that every line with text begins with; blank lines are emptied. */
export function dedent(text: MappedText): MappedText {
  const source = withLineFeeds(text);
  const indents = source.text
    .split('\n')
    .filter((line) => !isBlank(line))
    .map(blanksBefore);
  let common = indents[0] ?? '';
  for (const indent of indents) while (!indent.startsWith(common)) common = common.slice(0, -1);
  const kept = mapLines(source, (line) =>
    isBlank(line) ? { start: line.length, end: line.length } : { start: common.length, end: line.length },
  );
  return withIndent(kept, common);
}

/** What the `dedent` tags of JavaScript do: the least indent of all lines but the first goes, and both ends are trimmed. */
export function dedentTag(text: MappedText): MappedText {
  const source = withLineFeeds(text);
  const indents = source.text
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => blanksBefore(line).length);
  const least = indents.length === 0 ? 0 : Math.min(...indents);
  const kept = mapLines(source, (line, index) => ({
    start: index === 0 ? 0 : Math.min(least, blanksBefore(line).length),
    end: line.length,
  }));
  return withIndent(trimEnds(kept, true, true), ' '.repeat(least));
}

export function trimEnds(source: MappedText, start: boolean, end: boolean): MappedText {
  const { text } = source;
  const from = start ? text.length - text.trimStart().length : 0;
  return slice(source, from, end ? Math.max(from, text.trimEnd().length) : text.length);
}

/** Texts with a separator between them that stands nowhere as such: `["a", "b"].join("\n")`. */
export function joined(parts: readonly MappedText[], separator: string): MappedText {
  const builder = new MappedTextBuilder();
  let previous: PromptSegment | undefined;
  for (const part of parts) {
    if (previous !== undefined) {
      const next = part.segments[0];
      const start = previous.file.end;
      const end = next === undefined || next.file.start < start ? start : next.file.start;
      builder.decoded(separator, { start, end }, { hole: { name: 'join', from: 'sample', isOutside: true } });
    }
    builder.append(part);
    previous = part.segments.at(-1) ?? previous;
  }
  return builder.build();
}
