import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';

/**
 * A file of a Hugging Face model folder; undefined when the folder has none of that name.
 * @throws HoldfastError `file-unreadable` when it is there but cannot be read.
 */
export function readModelFile(folder: string, name: string): Buffer | undefined {
  const file = path.join(folder, name);
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HoldfastError('file-unreadable', `${file} cannot be read: ${reason}`, 'Check its permissions.', {
      cause: error,
    });
  }
}

/**
 * A JSON file of a model folder; undefined when the folder has none of that name.
 * @throws HoldfastError `file-unreadable` when it cannot be read, `model-format` when it is not JSON or not what `schema` wants.
 */
export function readModelJson<T>(folder: string, name: string, schema: z.ZodType<T>): T | undefined {
  const bytes = readModelFile(folder, name);
  if (bytes === undefined) return undefined;
  const damaged = (reason: string, cause?: unknown) =>
    new HoldfastError(
      'model-format',
      `${path.join(folder, name)} is damaged: ${reason}`,
      'Download the file again.',
      cause === undefined ? undefined : { cause },
    );
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw damaged(z.prettifyError(parsed.error));
}

/** A token by its text, alone or with how it is matched. */
const tokenText = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
  .nullish()
  .transform((token) => token ?? undefined);

/** What Holdfast reads of `tokenizer_config.json`. */
export const tokenizerConfig = z.looseObject({
  bos_token: tokenText,
  eos_token: tokenText,
  add_bos_token: z.boolean().nullish(),
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).nullish(),
});
