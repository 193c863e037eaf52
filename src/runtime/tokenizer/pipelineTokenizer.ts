import { AddedTokens, type AddedToken } from './addedTokens.ts';
import { AlignedText } from './alignedText.ts';
import { EncodingBuilder } from './encodingBuilder.ts';
import type { Normalizer } from './normalizers.ts';
import type { PreTokenizer } from './splitting.ts';
import type { DecodeOptions, EncodeOptions, Encoding, Tokenizer } from './tokenizer.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { WordModel } from './wordModel.ts';

/** The steps of a tokenizer, in the order in which text goes through them. */
export interface TokenizerPipeline {
  readonly vocabulary: Vocabulary;
  /** Found in the text as it is. */
  readonly added: readonly AddedToken[];
  readonly normalizer?: Normalizer;
  /** Found in the normalised text; their contents are normalised too. */
  readonly addedNormalised?: readonly AddedToken[];
  readonly preTokenizer?: PreTokenizer;
  readonly words: WordModel;
  /** Bytes that a piece of the vocabulary stands for. */
  readonly bytesOf: (piece: string) => Uint8Array;
  /** True where added tokens stand for their content as it is, and not for what `bytesOf` makes of it. */
  readonly addedAreLiteral?: boolean;
  /** Decoded texts lose one space at their start: the one that encoding put there. */
  readonly stripsSpace?: boolean;
  /** Written in front of a conversation whose template does not write it. */
  readonly bos?: string;
}

/** A tokenizer made of steps. Decoded bytes that are not UTF-8 become U+FFFD. */
export function createPipelineTokenizer(pipeline: TokenizerPipeline): Tokenizer {
  return new PipelineTokenizer(pipeline);
}

const unchanged: Normalizer = (text) => text;

type Range = readonly [start: number, end: number];

class PipelineTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly bos: string | undefined;
  readonly #added: AddedTokens;
  readonly #addedNormalised: AddedTokens;
  readonly #literals: ReadonlyMap<number, string>;
  readonly #bytes: Uint8Array[] = []; // [id], sparse, filled by decode

  constructor(readonly pipeline: TokenizerPipeline) {
    const { vocabulary, added, addedNormalised = [], normalizer = unchanged, addedAreLiteral = false, bos } = pipeline;
    this.vocabSize = vocabulary.pieces.length;
    this.bos = bos;
    this.#added = new AddedTokens(added);
    this.#addedNormalised = new AddedTokens(
      addedNormalised.map((token) => ({ ...token, content: normalizer(AlignedText.unchanged(token.content)).text })),
    );
    this.#literals = new Map(
      addedAreLiteral ? [...added, ...addedNormalised].map(({ id, content }) => [id, content]) : [],
    );
  }

  encode(text: string, { plainRanges = [] }: EncodeOptions = {}): Encoding {
    const source = text.replace(/\p{Surrogate}/gu, '\uFFFD'); // lone ones, as when the text is written to a file
    const out = new EncodingBuilder();
    let at = 0;
    for (const { id, start, end } of this.#added.find(source, (from, to) => overlaps(plainRanges, from, to))) {
      this.#encodeStretch(source, at, start, plainRanges, out);
      out.push(id, start, end);
      at = end;
    }
    this.#encodeStretch(source, at, source.length, plainRanges, out);
    return out.build();
  }

  decode(ids: ArrayLike<number>, { skipSpecial = false }: DecodeOptions = {}): string {
    const parts: Uint8Array[] = [];
    for (const id of Array.from(ids)) {
      if (skipSpecial && this.isSpecial(id)) continue;
      parts.push(this.#bytesOf(id));
    }
    // A byte order mark in the middle of a prompt is text like any other.
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(parts));
    return this.pipeline.stripsSpace === true && text.startsWith(' ') ? text.slice(1) : text;
  }

  idOf(piece: string): number | undefined {
    return this.pipeline.vocabulary.ids.get(piece);
  }

  isSpecial(id: number): boolean {
    return this.pipeline.vocabulary.isSpecial(id);
  }

  #encodeStretch(source: string, from: number, to: number, plainRanges: readonly Range[], out: EncodingBuilder): void {
    if (from === to) return;
    const { normalizer = unchanged } = this.pipeline;
    const text = normalizer(AlignedText.unchanged(source.slice(from, to), from));
    const isPlain = (start: number, end: number) => overlaps(plainRanges, text.startOf(start), text.endOf(end - 1));
    out.beginStretch();
    let at = 0;
    for (const { id, start, end } of this.#addedNormalised.find(text.text, isPlain)) {
      this.#encodeWords(text.slice(at, start), out);
      out.push(id, text.startOf(start), text.endOf(end - 1));
      at = end;
    }
    this.#encodeWords(text.slice(at), out);
    out.endStretch(to);
  }

  #encodeWords(text: AlignedText, out: EncodingBuilder): void {
    if (text.text === '') return;
    for (const word of this.pipeline.preTokenizer?.(text) ?? [text]) {
      const { ids, starts, ends } = this.pipeline.words.encode(word.text);
      for (let i = 0; i < ids.length; i++) out.push(ids[i]!, word.startOf(starts[i]!), word.endOf(ends[i]! - 1));
    }
  }

  #bytesOf(id: number): Uint8Array {
    let bytes = this.#bytes[id];
    if (bytes === undefined) {
      const literal = this.#literals.get(id);
      const piece = this.pipeline.vocabulary.pieces[id];
      if (literal !== undefined) bytes = Buffer.from(literal, 'utf8');
      else if (piece !== undefined) bytes = this.pipeline.bytesOf(piece);
      else throw new RangeError(`token ${id} is outside the vocabulary of ${this.vocabSize}`);
      this.#bytes[id] = bytes;
    }
    return bytes;
  }
}

const overlaps = (ranges: readonly Range[], start: number, end: number): boolean =>
  ranges.some(([from, to]) => start < to && from < end);
