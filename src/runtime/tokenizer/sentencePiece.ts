import { ggufVocabulary, type GgufVocabularySource } from './ggufVocabulary.ts';
import { prepend, replace, sequence } from './normalizers.ts';
import { createPipelineTokenizer } from './pipelineTokenizer.ts';
import { createScoredPieces } from './scoredPieces.ts';
import type { Tokenizer } from './tokenizer.ts';
import { fallbackByte } from './vocabulary.ts';

/** A SentencePiece BPE model as its own protobuf or a GGUF file describes it. Pieces have `▁` for a space. */
export interface SentencePieceSource extends GgufVocabularySource {
  /** One per token. */
  readonly scores: ArrayLike<number>;
  /** Text gets a space in front, at its beginning and after every added token. */
  readonly addSpacePrefix: boolean;
  /** Characters that are no piece become their UTF-8 bytes. */
  readonly byteFallback: boolean;
  /** What stands for characters that are neither pieces nor spelled in bytes. */
  readonly unknownId?: number | undefined;
  /** Added tokens take up the white space after them, except those named here. */
  readonly stripAfterAddedExcept?: ReadonlySet<string>;
  /** Written in front of a conversation whose template does not write it. */
  readonly bos?: string | undefined;
}

/** The mark of a space, U+2581. */
const spaceMark = '\u2581';

/**
 * SentencePiece BPE (Llama 2, Mistral, Phi-3, Gemma).
 *
 * The bytes of a character that is no piece all carry its offsets. The space in front of a text has no place
 * of its own: its token carries the offsets of the first character.
 *
 * Throws `model-format` for data that do not fit together.
 */
export function createSentencePiece(source: SentencePieceSource): Tokenizer {
  const { vocabulary, added } = ggufVocabulary(source);
  const { addSpacePrefix, scores, byteFallback, unknownId, stripAfterAddedExcept, bos } = source;
  const markSpaces = replace(/ /g, spaceMark);
  return createPipelineTokenizer({
    vocabulary,
    added: added.map((token) => ({
      ...token,
      rstrip: stripAfterAddedExcept !== undefined && !stripAfterAddedExcept.has(token.content),
    })),
    normalizer: addSpacePrefix ? sequence([prepend(spaceMark), markSpaces]) : markSpaces,
    words: createScoredPieces({ vocabulary, scores, byteFallback, unknownId, fuseUnknown: true }),
    bytesOf: sentencePieceBytes,
    stripsSpace: addSpacePrefix,
    ...(bos === undefined ? {} : { bos }),
  });
}

/** Bytes that a piece stands for: one for `<0x0A>`, else its text with spaces for their marks. */
export function sentencePieceBytes(piece: string): Uint8Array {
  const byte = fallbackByte(piece);
  return byte === undefined ? Buffer.from(piece.replaceAll(spaceMark, ' '), 'utf8') : Uint8Array.of(byte);
}
