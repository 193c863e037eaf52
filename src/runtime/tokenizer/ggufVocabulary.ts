import { HoldfastError } from '../../errors.ts';
import type { AddedToken } from './addedTokens.ts';
import { endOfGenerationPieces } from './stopTokens.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface GgufVocabularySource {
  /** The index is the id. */
  readonly tokens: readonly string[];
  /** GGUF token types, one per token. */
  readonly tokenTypes: ArrayLike<number>;
}

/** Values of `tokenizer.ggml.token_type`, which are those of SentencePiece's protobuf. */
export const tokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/**
 * The vocabulary of a GGUF file, and the tokens that are found in text before anything else. Tokens known to end an answer
 * count as control tokens whatever the file says: some conversions mark them as ordinary, and llama.cpp corrects them too.
 * @throws HoldfastError `model-format` for data that do not fit together.
 */
export function ggufVocabulary({ tokens, tokenTypes }: GgufVocabularySource): {
  readonly vocabulary: Vocabulary;
  readonly added: readonly AddedToken[];
} {
  if (tokenTypes.length !== tokens.length) {
    throw new HoldfastError(
      'model-format',
      `The model's tokenizer has ${tokens.length} tokens but ${tokenTypes.length} token types.`,
      'The model file is damaged: download it again or use another conversion.',
    );
  }
  const ids = new Map<string, number>();
  const special = new Uint8Array(tokens.length);
  const added: AddedToken[] = [];
  tokens.forEach((content, id) => {
    if (!ids.has(content)) ids.set(content, id);
    const type = tokenTypes[id];
    const control = type === tokenType.control || type === tokenType.unknown || endOfGenerationPieces.has(content);
    if (control) special[id] = 1;
    if (control || type === tokenType.userDefined) {
      added.push({ id, content, special: control, lstrip: false, rstrip: false, singleWord: false });
    }
  });
  return { vocabulary: { pieces: tokens, ids, isSpecial: (id) => special[id] === 1 }, added };
}
