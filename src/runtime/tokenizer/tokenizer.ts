/** Tokens of a text and where they stand in it. All three arrays have one element per token. */
export interface Encoding {
  readonly ids: Int32Array;
  /** UTF-16 offsets, ascending. Tokens that are parts of one character all carry the whole character's offsets. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export interface EncodeOptions {
  /** UTF-16 ranges in which (and across whose edges) no special token is recognised: text that somebody else wrote. */
  readonly plainRanges?: readonly (readonly [start: number, end: number])[];
}

export interface DecodeOptions {
  /** Leaves control tokens such as `<|im_end|>` out of the text. */
  readonly skipSpecial?: boolean;
}

/** Turns text into a model's tokens and back. Nothing is added to a text: whoever renders a conversation writes `bos`. */
export interface Tokenizer {
  readonly vocabSize: number;
  /** The piece that a conversation begins with even if the chat template does not write it. */
  readonly bos?: string | undefined;
  encode(text: string, options?: EncodeOptions): Encoding;
  /** Bytes that are not UTF-8 become U+FFFD. Throws a RangeError for an id outside the vocabulary. */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /** Id of a piece as the vocabulary spells it, such as `Ġthe` for ` the`. */
  idOf(piece: string): number | undefined;
  /** True for control tokens: those that `skipSpecial` leaves out. */
  isSpecial(id: number): boolean;
}
