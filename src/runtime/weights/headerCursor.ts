import type { TensorFile } from './tensorFile.ts';

/** Read ahead in steps of this size: a header of a few MB takes a few reads, and the tensor data is not touched. */
const WINDOW_BYTES = 1 << 20;

/** Reads a file's head value by value, little-endian. It never allocates for, or reads past, more than the file holds. */
export class HeaderCursor {
  /** What is being read, for messages such as `the file ends inside metadata "general.name"`. */
  context = 'the header';
  #window = Buffer.alloc(0);
  #windowStart = 0; // file offset of the window's first byte
  #position = 0; // file offset of the next byte

  /** @param limit bytes after which the header is refused as too long. */
  constructor(
    readonly file: TensorFile,
    readonly limit: number,
  ) {}

  get position(): number {
    return this.#position;
  }

  /** Bytes of the file that are not read yet: the upper bound of any honest length. */
  get remaining(): number {
    return this.file.size - this.#position;
  }

  uint8(): number {
    const at = this.#take(1);
    return this.#window.readUInt8(at);
  }

  int8(): number {
    const at = this.#take(1);
    return this.#window.readInt8(at);
  }

  uint16(): number {
    const at = this.#take(2);
    return this.#window.readUInt16LE(at);
  }

  int16(): number {
    const at = this.#take(2);
    return this.#window.readInt16LE(at);
  }

  uint32(): number {
    const at = this.#take(4);
    return this.#window.readUInt32LE(at);
  }

  int32(): number {
    const at = this.#take(4);
    return this.#window.readInt32LE(at);
  }

  float32(): number {
    const at = this.#take(4);
    return this.#window.readFloatLE(at);
  }

  float64(): number {
    const at = this.#take(8);
    return this.#window.readDoubleLE(at);
  }

  bigUint64(): bigint {
    const at = this.#take(8);
    return this.#window.readBigUInt64LE(at);
  }

  bigInt64(): bigint {
    const at = this.#take(8);
    return this.#window.readBigInt64LE(at);
  }

  /** An unsigned 64-bit count or offset. Above 2^53 it is rounded, which no limit that it is compared with can notice. */
  size(): number {
    const at = this.#take(8);
    return this.#window.readUInt32LE(at) + this.#window.readUInt32LE(at + 4) * 2 ** 32;
  }

  /** Passes over bytes without looking at them; what was not read ahead is not read at all. */
  skip(length: number): void {
    if (length > this.remaining) throw this.file.damaged(`unexpected end of the file inside ${this.context}`);
    this.#position += length;
  }

  /** UTF-8 text after its 64-bit length. */
  string(): string {
    const length = this.size();
    if (length > this.remaining) {
      throw this.file.damaged(
        `unexpected end of the file inside ${this.context}: a text of ${length} bytes, but only ${this.remaining} bytes follow`,
      );
    }
    const at = this.#take(length);
    return this.#window.toString('utf8', at, at + length);
  }

  /** A 64-bit count of elements that take at least `minBytes` each in the file. */
  count(minBytes: number, maximum: number, what: string): number {
    const count = this.size();
    if (count > maximum) throw this.file.damaged(`${this.context} declares ${count} ${what}, more than ${maximum}`);
    if (count * minBytes > this.remaining) {
      throw this.file.damaged(`${this.context} declares ${count} ${what}, but only ${this.remaining} bytes follow`);
    }
    return count;
  }

  /** Advances over `length` bytes and returns where in the window they start. May replace the window: call it first. */
  #take(length: number): number {
    const start = this.#position;
    const end = start + length;
    if (end > this.#windowStart + this.#window.length) this.#fill(start, length);
    this.#position = end;
    return start - this.#windowStart;
  }

  #fill(start: number, length: number): void {
    if (start + length > this.file.size) throw this.file.damaged(`unexpected end of the file inside ${this.context}`);
    if (start + length > this.limit) {
      throw this.file.damaged(`the header is longer than ${this.limit} bytes at ${this.context}`);
    }
    const window = Buffer.allocUnsafe(Math.min(Math.max(length, WINDOW_BYTES), this.file.size - start));
    this.file.readInto(window, start, this.context);
    this.#window = window;
    this.#windowStart = start;
  }
}
