import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Third-party prompts and benchmark rows. Their licences do not let us pass them on, so there is no committed subset, and
 * tests on them are skipped wherever the folder is not beside the repository.
 */
export const publicData = (...parts: string[]): string =>
  path.join(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../shared/data'), ...parts);

/** Options for `test`: skips with a message where the data are absent. */
export function needsPublicData(name: string): { skip: string | false } {
  return { skip: existsSync(publicData(name)) ? false : `no ${name} in ${publicData()}` };
}
