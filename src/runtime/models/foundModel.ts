import { HoldfastError } from '../../errors.ts';
import type { ModelPath } from './modelFiles.ts';
import { inspectModelPath, type ModelFormat } from './userModel.ts';

/** Whose folder a model lies in; `user` for a folder or a path that the user named. */
export type Keeper = 'holdfast' | 'huggingface' | 'ollama' | 'lm-studio' | 'user';

/** A complete model of this machine. Nothing of its content but the first bytes was read. */
export interface FoundModel {
  /** What `--model` takes. */
  readonly id: string;
  readonly keeper: Keeper;
  /** Absolute: a GGUF file, the first part of a split one, or a folder with config.json. */
  readonly path: string;
  readonly format: ModelFormat;
  readonly bytes: number;
  /** The sha256 that its keeper's own records give; it was not compared with the content. */
  readonly recordedSha256?: string;
  /** Commit of the repository that it is from. */
  readonly revision?: string;
  /** From the keeper's records, for files that name none. */
  readonly licence?: string;
}

/** Something that should be a model and is not, so that a list can say why it is missing. */
export interface UnreadableModel extends Pick<FoundModel, 'id' | 'keeper' | 'path'> {
  readonly reason: string;
}

export type Discovered = FoundModel | UnreadableModel;

/** Looks at a place where a model should be. Failures become an `UnreadableModel`: one bad file must not hide the others. */
export async function examine(
  { path, format }: ModelPath,
  known: Omit<FoundModel, 'path' | 'format' | 'bytes'>,
): Promise<Discovered> {
  try {
    const { bytes } = await inspectModelPath(path);
    return { path, format, bytes, ...known };
  } catch (error) {
    return { id: known.id, keeper: known.keeper, path, reason: reasonOf(error, path) };
  }
}

/** Why, in the words of the error, without the path that stands beside it anyway and as one sentence without its dot. */
export function reasonOf(error: unknown, path: string): string {
  const { message } = error as Error;
  const text = error instanceof HoldfastError ? message : `cannot be read (${message})`;
  return text.replace(`${path}: `, '').replace(`${path} `, '').replace(/\.$/u, '');
}
