import type { Encoding, Hole, MappedText, PromptSegment, TextRange } from '../prompt.ts';
import { lastAtMost } from '../ascending.ts';

/** What a piece of text is besides its characters. */
export interface PieceTraits {
  readonly encoding?: Encoding | undefined;
  readonly hole?: Hole | undefined;
}

/** Builds a mapped text from left to right. Neighbours that are one verbatim piece of the file become one segment. */
export class MappedTextBuilder {
  readonly #parts: string[] = [];
  readonly #segments: PromptSegment[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Text that stands in the file as it is, from `start` on. */
  verbatim(text: string, start: number, traits: PieceTraits = {}): this {
    return this.#push(text, { start, end: start + text.length }, true, traits);
  }

  /** Text that the file writes in another way. */
  decoded(text: string, file: TextRange, traits: PieceTraits = {}): this {
    return this.#push(text, file, false, traits);
  }

  /** A range of another mapped text. Pieces that are not verbatim keep their whole file range when they are cut. */
  append(source: MappedText, range: TextRange = { start: 0, end: source.text.length }): this {
    const { segments } = source;
    if (segments.length === 0) return this;
    for (
      let index = lastAtMost(segments.length, (i) => segments[i]!.text.start, range.start);
      index < segments.length && segments[index]!.text.start < range.end;
      index++
    ) {
      const segment = segments[index]!;
      const start = Math.max(segment.text.start, range.start);
      const end = Math.min(segment.text.end, range.end);
      if (start >= end) continue;
      const text = source.text.slice(start, end);
      if (segment.verbatim) this.verbatim(text, segment.file.start + start - segment.text.start, segment);
      else this.decoded(text, segment.file, segment);
    }
    return this;
  }

  build(): MappedText {
    return { text: this.#parts.join(''), segments: this.#segments };
  }

  #push(text: string, file: TextRange, verbatim: boolean, { encoding, hole }: PieceTraits): this {
    if (text === '') return this;
    this.#parts.push(text);
    const range = { start: this.#length, end: this.#length + text.length };
    this.#length = range.end;
    const last = this.#segments.at(-1);
    const continues =
      verbatim &&
      last?.verbatim === true &&
      last.file.end === file.start &&
      last.encoding === encoding &&
      last.hole === hole;
    if (continues) {
      this.#segments[this.#segments.length - 1] = {
        ...last,
        text: { start: last.text.start, end: range.end },
        file: { start: last.file.start, end: file.end },
      };
      return this;
    }
    const traits = { ...(encoding === undefined ? {} : { encoding }), ...(hole === undefined ? {} : { hole }) };
    this.#segments.push({ text: range, file, verbatim, ...traits });
    return this;
  }
}

/** The text of a file range with its line ends as `\n`, and the map back. Each converted line end is a segment of its own. */
export function mapText(fileText: string, range: TextRange, traits: PieceTraits = {}): MappedText {
  const builder = new MappedTextBuilder();
  let start = range.start;
  const raw = fileText.slice(range.start, range.end);
  for (const match of raw.matchAll(/\r\n?/g)) {
    const at = range.start + match.index;
    builder.verbatim(fileText.slice(start, at), start, traits);
    start = at + match[0].length;
    builder.decoded('\n', { start: at, end: start }, traits);
  }
  return builder.verbatim(fileText.slice(start, range.end), start, traits).build();
}

export function slice(source: MappedText, start: number, end = source.text.length): MappedText {
  return new MappedTextBuilder().append(source, { start, end }).build();
}

/** Texts one after the other; `separator` stands for what is between two of them in the file. */
export function concatenate(texts: readonly MappedText[], separator = ''): MappedText {
  const builder = new MappedTextBuilder();
  for (const text of texts) {
    if (text.segments.length === 0) continue;
    const before = builder.build().segments.at(-1);
    if (before !== undefined && separator !== '')
      builder.decoded(
        separator,
        { start: before.file.end, end: Math.max(before.file.end, text.segments[0]!.file.start) },
        { hole: { name: 'separator', from: 'stand-in', isOutside: true } },
      );
    builder.append(text);
  }
  return builder.build();
}

/** The same text with every `\r\n` and `\r` as `\n`: prompts have no other line ends. */
export function withLineFeeds(source: MappedText): MappedText {
  if (!source.text.includes('\r')) return source;
  const builder = new MappedTextBuilder();
  let start = 0;
  for (const match of source.text.matchAll(/\r\n?/g)) {
    builder.append(source, { start, end: match.index });
    start = match.index + match[0].length;
    const ends = slice(source, match.index, start).segments;
    builder.decoded('\n', { start: ends[0]!.file.start, end: ends.at(-1)!.file.end }, ends[0]);
  }
  return builder.append(source, { start, end: source.text.length }).build();
}

/** Without white space at both ends. */
export function trim(source: MappedText): MappedText {
  const { text } = source;
  return slice(source, text.length - text.trimStart().length, text.trimEnd().length);
}

/** Without whole blank lines at both ends and the white space of the last line; the first line keeps its indent. */
export function withoutBlankEdges(source: MappedText): MappedText {
  const lead = /^(?:[^\S\n]*\n)*/.exec(source.text)![0].length;
  const end = source.text.trimEnd().length;
  return slice(source, Math.min(lead, end), end);
}

/** The part of every line that `keep` gives; line ends stay. */
export function mapLines(source: MappedText, keep: (line: string, index: number) => TextRange): MappedText {
  const builder = new MappedTextBuilder();
  let start = 0;
  source.text.split('\n').forEach((line, index) => {
    const kept = keep(line, index);
    if (index > 0) builder.append(source, { start: start - 1, end: start });
    builder.append(source, { start: start + kept.start, end: start + kept.end });
    start += line.length + 1;
  });
  return builder.build();
}
