import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { HoldfastError } from '../../errors.ts';

/** One `read` call moves at most 2 GiB - 4 KiB on Linux, and Node refuses lengths above 2^31 - 1. */
const MAX_READ_BYTES = 2 ** 30;

/** An open model file: bounded positional reads, every failure with the file's name and a next step. */
export class TensorFile {
  readonly size: number;
  #descriptor: number | undefined;

  /** @throws HoldfastError `model-not-found` when it does not exist, `file-unreadable` when it cannot be opened. */
  constructor(readonly path: string) {
    this.#descriptor = openForReading(path);
    const stats = fstatSync(this.#descriptor);
    this.size = stats.size;
    if (!stats.isFile()) {
      this.close();
      throw new HoldfastError(
        'file-unreadable',
        `${path} is not a file.`,
        'Give the path of the model file (.gguf) or of a folder with model.safetensors.',
      );
    }
  }

  /**
   * Fills `target` from `position`.
   * @param what named when the file ends before `target` is full.
   */
  readInto(target: Uint8Array, position: number, what: string): void {
    if (this.#descriptor === undefined) throw new Error(`${this.path} is closed`);
    let done = 0;
    while (done < target.length) {
      const length = Math.min(target.length - done, MAX_READ_BYTES);
      const read = readSync(this.#descriptor, target, done, length, position + done);
      if (read === 0) throw this.damaged(`the file ends inside ${what}`);
      done += read;
    }
  }

  /** The failure of a file whose content cannot be right. */
  damaged(problem: string): HoldfastError {
    return new HoldfastError(
      'model-format',
      `${this.path}: ${problem}.`,
      'The file is damaged or incomplete. Get it again; "holdfast models verify" checks the models that Holdfast knows.',
    );
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** The failure of asking for a tensor that an intact file or folder does not have. */
export function missingTensor(path: string, name: string): HoldfastError {
  return new HoldfastError(
    'model-format',
    `${path} has no tensor "${name}".`,
    'The model is incomplete or of another architecture than it says. Use a complete conversion of the model.',
  );
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new HoldfastError(
      missing ? 'model-not-found' : 'file-unreadable',
      missing ? `There is no model file at ${path}.` : `${path} cannot be opened: ${(error as Error).message}.`,
      missing ? 'Check the path, or run "holdfast models list".' : 'Check the permissions of the file.',
      { cause: error },
    );
  }
}
