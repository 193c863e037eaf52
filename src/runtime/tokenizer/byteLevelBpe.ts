import { HoldfastError } from '../../errors.ts';
import { bytesOfPiece, charOfByte } from './byteLevelAlphabet.ts';
import { MergeTable } from './mergeTable.ts';
import { preTokenizer, splitWords, type PreTokenizer } from './preTokenizers.ts';
import { SpecialTokens } from './specialTokens.ts';
import type { DecodeOptions, EncodeOptions, Encoding, Tokenizer } from './tokenizer.ts';

/** A byte-level BPE as a model file describes it. */
export interface ByteLevelBpeSource {
  /** Pieces in the byte-level alphabet; the index is the id. */
  readonly tokens: readonly string[];
  /** `left right`, most important first. */
  readonly merges: readonly string[];
  /** GGUF token types, one per token. */
  readonly tokenTypes: ArrayLike<number>;
  /** Name of the pre-tokenizer (`preTokenizerNames`). */
  readonly pre: string;
}

/** Values of `tokenizer.ggml.token_type`. */
const tokenType = { unknown: 2, control: 3, userDefined: 4 } as const;

/** Bounds of the cache of encoded words: prompts repeat few short words, and long ones hardly come back. */
const cachedWords = 1 << 15;
const cachedWordLength = 48;

/** One word's tokens, offsets relative to the word. */
interface EncodedWord {
  readonly ids: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/**
 * Byte-level BPE (GPT-2 and its descendants).
 *
 * A byte for which the vocabulary has no token is left out, as llama.cpp does: the alternative, the unknown token, is
 * `<|endoftext|>` in the models concerned, and a prompt's text must not turn into a control token. Offsets still cover the text:
 * a character that left no token belongs to the token before it, else to the one after it.
 * A lone surrogate is read as U+FFFD, as when it is written to a file.
 *
 * Throws `unsupported-model` for an unknown pre-tokenizer and `model-format` for data that do not fit together.
 */
export function createByteLevelBpe(source: ByteLevelBpeSource): Tokenizer {
  if (source.tokenTypes.length !== source.tokens.length) {
    throw new HoldfastError(
      'model-format',
      `The model's tokenizer has ${source.tokens.length} tokens but ${source.tokenTypes.length} token types.`,
      'The model file is damaged: download it again or use another conversion.',
    );
  }
  return new ByteLevelBpe(source);
}

class ByteLevelBpe implements Tokenizer {
  readonly vocabSize: number;
  readonly #tokens: readonly string[];
  readonly #types: ArrayLike<number>;
  readonly #ids = new Map<string, number>();
  readonly #byteIds = new Int32Array(256).fill(-1);
  readonly #preTokenizer: PreTokenizer;
  readonly #merges: MergeTable;
  readonly #specials: SpecialTokens;
  readonly #words = new Map<string, EncodedWord>();
  readonly #bytes: Uint8Array[] = []; // [id], sparse, filled by decode

  constructor({ tokens, merges, tokenTypes, pre }: ByteLevelBpeSource) {
    this.vocabSize = tokens.length;
    this.#tokens = tokens;
    this.#types = tokenTypes;
    this.#preTokenizer = preTokenizer(pre);
    const added: { id: number; piece: string; control: boolean }[] = [];
    tokens.forEach((piece, id) => {
      if (!this.#ids.has(piece)) this.#ids.set(piece, id);
      const control = this.isSpecial(id);
      if (control || tokenTypes[id] === tokenType.userDefined) added.push({ id, piece, control });
    });
    charOfByte.forEach((char, byte) => {
      this.#byteIds[byte] = this.#ordinaryId(char) ?? -1;
    });
    this.#merges = new MergeTable(merges, this.#ids, (id) => this.isSpecial(id));
    this.#specials = new SpecialTokens(added);
  }

  encode(text: string, options: EncodeOptions = {}): Encoding {
    const out = new EncodingBuilder();
    let at = 0;
    for (const { id, start, end } of this.#specials.find(text, options.plainRanges ?? [])) {
      this.#encodeStretch(text.slice(at, start), at, out);
      out.push(id, start, end);
      at = end;
    }
    this.#encodeStretch(text.slice(at), at, out);
    return out.build();
  }

  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    const parts: Uint8Array[] = [];
    for (const id of Array.from(ids)) {
      if (options.skipSpecial === true && this.isSpecial(id)) continue;
      parts.push(this.#bytesOf(id));
    }
    // A byte order mark in the middle of a prompt is text like any other.
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(parts));
  }

  idOf(piece: string): number | undefined {
    return this.#ids.get(piece);
  }

  isSpecial(id: number): boolean {
    return this.#types[id] === tokenType.control || this.#types[id] === tokenType.unknown;
  }

  /** Id of a piece that ordinary text may become. */
  #ordinaryId(piece: string): number | undefined {
    const id = this.#ids.get(piece);
    return id === undefined || this.isSpecial(id) ? undefined : id;
  }

  #encodeStretch(stretch: string, offset: number, out: EncodingBuilder): void {
    if (stretch === '') return;
    out.beginStretch();
    for (const word of splitWords(this.#preTokenizer, stretch)) {
      const { ids, starts, ends } = this.#encodeWord(word);
      for (let i = 0; i < ids.length; i++) out.push(ids[i]!, offset + starts[i]!, offset + ends[i]!);
      offset += word.length;
    }
    out.endStretch(offset);
  }

  #encodeWord(word: string): EncodedWord {
    if (word.length > cachedWordLength) return this.#mergeWord(word);
    let encoded = this.#words.get(word);
    if (encoded === undefined) {
      encoded = this.#mergeWord(word);
      if (this.#words.size >= cachedWords) this.#words.clear();
      this.#words.set(word, encoded);
    }
    return encoded;
  }

  #mergeWord(word: string): EncodedWord {
    const { bytes, starts: byteStarts, ends: byteEnds } = utf8WithOffsets(word);
    if (this.#preTokenizer.wholeWords) {
      const whole = this.#ordinaryId(Array.from(bytes, (byte) => charOfByte[byte]!).join(''));
      if (whole !== undefined) return { ids: [whole], starts: [0], ends: [word.length] };
    }
    const merged = this.#merges.merge(Int32Array.from(bytes, (byte) => this.#byteIds[byte]!));
    const ids: number[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    let firstByte = 0;
    merged.ids.forEach((id, i) => {
      const endByte = merged.byteEnds[i]!;
      if (id >= 0) {
        ids.push(id);
        starts.push(byteStarts[firstByte]!);
        ends.push(byteEnds[endByte - 1]!);
      }
      firstByte = endByte;
    });
    return { ids, starts, ends };
  }

  #bytesOf(id: number): Uint8Array {
    let bytes = this.#bytes[id];
    if (bytes === undefined) {
      const piece = this.#tokens[id];
      if (piece === undefined) throw new RangeError(`token ${id} is outside the vocabulary of ${this.vocabSize}`);
      const literal = this.isSpecial(id) || this.#types[id] === tokenType.userDefined;
      bytes = (literal ? undefined : bytesOfPiece(piece)) ?? Buffer.from(piece, 'utf8');
      this.#bytes[id] = bytes;
    }
    return bytes;
  }
}

/** UTF-8 bytes of a word, and for each byte the UTF-16 range of its character. */
function utf8WithOffsets(word: string): { bytes: number[]; starts: number[]; ends: number[] } {
  const bytes: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  for (let start = 0; start < word.length;) {
    let point = word.codePointAt(start)!;
    const end = start + (point > 0xffff ? 2 : 1);
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    else {
      const tail = [0x80 | ((point >> 12) & 0x3f), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)];
      bytes.push(0xf0 | (point >> 18), ...tail);
    }
    while (starts.length < bytes.length) {
      starts.push(start);
      ends.push(end);
    }
    start = end;
  }
  return { bytes, starts, ends };
}

/** Collects tokens and closes the gaps that characters without token leave. */
class EncodingBuilder {
  readonly #ids: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #covered = 0;
  #stretchFirst = 0;

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
