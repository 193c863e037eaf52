type Range = readonly [start: number, end: number];

/** A special token found in a text, UTF-16 offsets. */
export interface SpecialMatch {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

interface Entry {
  readonly id: number;
  readonly piece: string;
  /** Runs of white space that a vocabulary lists as added tokens are ordinary text and cannot imitate a control token. */
  readonly anywhere: boolean;
}

/** Finds added tokens in text: leftmost first, the longest where several begin. */
export class SpecialTokens {
  readonly #entries: readonly Entry[]; // longest first
  readonly #pattern: RegExp | undefined;

  constructor(tokens: readonly { readonly id: number; readonly piece: string; readonly control: boolean }[]) {
    this.#entries = tokens
      .filter(({ piece }) => piece !== '')
      .map(({ id, piece, control }) => ({ id, piece, anywhere: !control && /^\p{White_Space}+$/u.test(piece) }))
      .sort((a, b) => b.piece.length - a.piece.length);
    if (this.#entries.length > 0) {
      const escaped = this.#entries.map(({ piece }) => piece.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
      this.#pattern = new RegExp(escaped.join('|'), 'g');
    }
  }

  /** Matches that do not overlap one of `plainRanges`, ascending and disjoint. */
  find(text: string, plainRanges: readonly Range[]): SpecialMatch[] {
    const pattern = this.#pattern;
    if (pattern === undefined) return [];
    const isPlain = (start: number, end: number) => plainRanges.some(([from, to]) => start < to && from < end);
    const matches: SpecialMatch[] = [];
    pattern.lastIndex = 0;
    for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
      const start = found.index;
      const accepted = this.#entries.find(
        ({ piece, anywhere }) => text.startsWith(piece, start) && (anywhere || !isPlain(start, start + piece.length)),
      );
      if (accepted === undefined) {
        pattern.lastIndex = start + 1;
        continue;
      }
      const end = start + accepted.piece.length;
      matches.push({ id: accepted.id, start, end });
      pattern.lastIndex = end;
    }
    return matches;
  }
}
