import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { combinedSha256 } from './userModel.ts';

/**
 * Where a model came from that was fetched by its name on the Hub, kept beside it as `<file>.origin.json`. Its hashes are
 * those that the Hub gave at that time; from then on they are what the files are verified against.
 */
const originSchema = z.strictObject({
  id: z.string(),
  repository: z.string(),
  /** Commit. */
  revision: z.string(),
  files: z
    .array(
      z.strictObject({ name: z.string(), bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/u) }),
    )
    .min(1),
});

export type Origin = z.infer<typeof originSchema>;

export const originFile = (modelFile: string): string => `${modelFile}.origin.json`;

/** The origin of a file in Holdfast's folder; `undefined` when none is recorded or the record is damaged. */
export async function readOrigin(modelFile: string): Promise<Origin | undefined> {
  try {
    return originSchema.parse(JSON.parse(await readFile(originFile(modelFile), 'utf8')));
  } catch {
    return undefined; // the file then counts as one of the user's: there is nothing to compare it with
  }
}

/** The identity that the model should have; see `modelSha256`. */
export const originSha256 = ({ files }: Origin): string =>
  combinedSha256(files.map(({ name, sha256 }) => ({ name: path.posix.basename(name), sha256 })));

/** Records where a file came from; the record appears complete or not at all. */
export async function writeOrigin(modelFile: string, origin: Origin): Promise<void> {
  const temporary = `${originFile(modelFile)}.${randomUUID()}`;
  await writeFile(temporary, JSON.stringify(origin));
  await rename(temporary, originFile(modelFile));
}
