import { PbfReader } from 'pbf';
import { HoldfastError } from '../../errors.ts';
import type { SentencePieceSource } from './sentencePiece.ts';
import { tokenType } from './ggufVocabulary.ts';

/** What `tokenizer.model` says that encoding depends on (`sentencepiece_model.proto`). */
interface Model {
  readonly tokens: string[];
  readonly scores: number[];
  readonly tokenTypes: number[];
  modelType: number;
  byteFallback: boolean;
  treatWhitespaceAsSuffix: boolean;
  hasCharacterMap: boolean;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
  escapeWhitespaces: boolean;
}

/** Value of `TrainerSpec.model_type`. */
const bpe = 2;

/**
 * The SentencePiece model of a `tokenizer.model` file.
 * @throws HoldfastError `model-format` for a damaged file, `unsupported-model` for a model that is not a BPE or that normalises
 *   text.
 */
export function readSentencePieceModel(bytes: Uint8Array): SentencePieceSource {
  const model = parse(bytes);
  const refused = [
    [model.modelType !== bpe, 'is not a byte-pair encoding'],
    [model.hasCharacterMap, 'normalises characters'],
    [model.removeExtraWhitespaces, 'removes white space'],
    [!model.escapeWhitespaces || model.treatWhitespaceAsSuffix, 'marks spaces in a way of its own'],
  ] as const;
  const reason = refused.find(([applies]) => applies)?.[1];
  if (reason !== undefined) {
    throw new HoldfastError(
      'unsupported-model',
      `The model's tokenizer.model ${reason}, which is not supported here.`,
      'Use a folder with a tokenizer.json, or a GGUF file of the same model.',
    );
  }
  const { tokens, scores, tokenTypes, addDummyPrefix, byteFallback } = model;
  const unknownId = tokenTypes.indexOf(tokenType.unknown);
  return {
    tokens,
    scores,
    tokenTypes,
    byteFallback,
    addSpacePrefix: addDummyPrefix,
    unknownId: unknownId < 0 ? undefined : unknownId,
  };
}

function parse(bytes: Uint8Array): Model {
  const model: Model = {
    tokens: [],
    scores: [],
    tokenTypes: [],
    modelType: 1,
    byteFallback: false,
    treatWhitespaceAsSuffix: false,
    hasCharacterMap: false,
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
    escapeWhitespaces: true,
  };
  try {
    new PbfReader(bytes).readFields(readModelField, model);
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error));
  }
  if (model.tokens.length === 0) throw damaged('it has no pieces');
  return model;
}

function readModelField(tag: number, model: Model, pbf: PbfReader): void {
  if (tag === 1) {
    const piece = pbf.readMessage(readPieceField, { text: '', score: 0, type: tokenType.normal });
    model.tokens.push(piece.text);
    model.scores.push(piece.score);
    model.tokenTypes.push(piece.type);
  } else if (tag === 2) pbf.readMessage(readTrainerField, model);
  else if (tag === 3) pbf.readMessage(readNormalizerField, model);
}

function readPieceField(tag: number, piece: { text: string; score: number; type: number }, pbf: PbfReader): void {
  if (tag === 1) piece.text = pbf.readString();
  else if (tag === 2) piece.score = pbf.readFloat();
  else if (tag === 3) piece.type = pbf.readVarint();
}

function readTrainerField(tag: number, model: Model, pbf: PbfReader): void {
  if (tag === 3) model.modelType = pbf.readVarint();
  else if (tag === 24) model.treatWhitespaceAsSuffix = pbf.readBoolean();
  else if (tag === 35) model.byteFallback = pbf.readBoolean();
}

function readNormalizerField(tag: number, model: Model, pbf: PbfReader): void {
  if (tag === 2) model.hasCharacterMap = pbf.readBytes().length > 0;
  else if (tag === 3) model.addDummyPrefix = pbf.readBoolean();
  else if (tag === 4) model.removeExtraWhitespaces = pbf.readBoolean();
  else if (tag === 5) model.escapeWhitespaces = pbf.readBoolean();
}

function damaged(reason: string): HoldfastError {
  return new HoldfastError(
    'model-format',
    `The model's tokenizer.model is damaged: ${reason}.`,
    'Download the file again, or use a folder with a tokenizer.json.',
  );
}
