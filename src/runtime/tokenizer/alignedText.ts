/**
 * A text and where each of its UTF-16 units stands in the text that it was made from. Normalisers change the text, and the
 * ranges keep pointing into the original.
 */
export class AlignedText {
  /** `text` unchanged, standing at `offset` of the original. */
  static unchanged(text: string, offset = 0): AlignedText {
    return new AlignedText(text, offset);
  }

  /** `starts[i]` and `ends[i]` are the range in the original of the character that unit `i` of `text` belongs to. */
  static changed(text: string, starts: Int32Array, ends: Int32Array): AlignedText {
    return new AlignedText(text, 0, { starts, ends });
  }

  private constructor(
    readonly text: string,
    private readonly offset: number,
    private readonly ranges?: { readonly starts: Int32Array; readonly ends: Int32Array }, // [offset + unit]
  ) {}

  /** Where the original begins of the character that starts at `unit`. */
  startOf(unit: number): number {
    return this.ranges === undefined ? this.offset + unit : this.ranges.starts[this.offset + unit]!;
  }

  /** Where the original ends of the character whose last unit is `unit`. */
  endOf(unit: number): number {
    return this.ranges === undefined ? this.offset + unit + 1 : this.ranges.ends[this.offset + unit]!;
  }

  slice(from: number, to = this.text.length): AlignedText {
    return new AlignedText(this.text.slice(from, to), this.offset + from, this.ranges);
  }

  /** The text with `content` in front, which carries the range of the first character. An empty text stays empty. */
  prepend(content: string): AlignedText {
    if (this.text === '') return this;
    const changed = new AlignedTextBuilder(this);
    changed.put(content, 0, this.text.codePointAt(0)! > 0xffff ? 2 : 1);
    return changed.build();
  }
}

/** Writes a changed text from left to right: stretches that stay, and new content for others. */
export class AlignedTextBuilder {
  readonly #parts: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #kept = 0; // up to here of `from` is written or replaced

  constructor(readonly from: AlignedText) {}

  /** Keeps what comes before `start` and writes `content` for [start, end): all of it carries that range. */
  replace(start: number, end: number, content: string): void {
    this.#keepUntil(start);
    this.put(content, start, end);
    this.#kept = end;
  }

  /** Writes `content` with the range of [start, end), which is not replaced by it. */
  put(content: string, start: number, end: number): void {
    this.#parts.push(content);
    this.#starts.push(...new Array<number>(content.length).fill(this.from.startOf(start)));
    this.#ends.push(...new Array<number>(content.length).fill(this.from.endOf(end - 1)));
  }

  build(): AlignedText {
    this.#keepUntil(this.from.text.length);
    return AlignedText.changed(this.#parts.join(''), Int32Array.from(this.#starts), Int32Array.from(this.#ends));
  }

  #keepUntil(end: number): void {
    this.#parts.push(this.from.text.slice(this.#kept, end));
    for (let unit = this.#kept; unit < end; unit++) {
      this.#starts.push(this.from.startOf(unit));
      this.#ends.push(this.from.endOf(unit));
    }
    this.#kept = end;
  }
}
