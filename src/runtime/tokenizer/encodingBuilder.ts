import type { Encoding } from './tokenizer.ts';

/** Collects tokens and closes the gaps that characters without token leave: they belong to the token before, else to the one after. */
export class EncodingBuilder {
  readonly #ids: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #covered = 0;
  #stretchFirst = 0;

  /** Begins a stretch of text: a gap in it does not belong to a token of the stretch before. */
  beginStretch(): void {
    this.#stretchFirst = this.#ids.length;
  }

  push(id: number, start: number, end: number): void {
    if (start > this.#covered) {
      if (this.#ids.length > this.#stretchFirst) this.#ends[this.#ends.length - 1] = start;
      else start = this.#covered;
    }
    this.#ids.push(id);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#covered = end;
  }

  endStretch(end: number): void {
    if (this.#ids.length === 0) return; // nobody to give it to yet: the next token begins at #covered
    this.#ends[this.#ends.length - 1] = end;
    this.#covered = end;
  }

  build(): Encoding {
    return {
      ids: Int32Array.from(this.#ids),
      starts: Int32Array.from(this.#starts),
      ends: Int32Array.from(this.#ends),
    };
  }
}
