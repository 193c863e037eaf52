import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The reference outputs: the folder named by HOLDFAST_FIXTURES, else ../shared/fixtures, else the committed subset. */
export const fixturesRoot = ((): string => {
  const named = process.env.HOLDFAST_FIXTURES;
  if (named !== undefined && named !== '') return path.resolve(repository, named);
  const shared = path.resolve(repository, '../shared/fixtures');
  return existsSync(shared) ? shared : path.join(repository, 'test/fixtures');
})();

/** A path inside the fixtures folder. */
export const fixture = (...parts: string[]): string => path.join(fixturesRoot, ...parts);

/** A path inside the committed fixtures, for those that are only there. */
export const committedFixture = (...parts: string[]): string => path.join(repository, 'test/fixtures', ...parts);

/** Files of one fixture folder whose name matches, sorted; empty when the folder is absent. */
export function discover(folder: string, pattern: RegExp): string[] {
  const directory = fixture(folder);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => path.join(directory, name));
}

/** Options for `test`: skips with a message when the folder is absent on a developer's machine, never in CI. */
export function needsFixtures(folder: string): { skip: string | false } {
  const present = existsSync(fixture(folder));
  if (present || process.env.CI !== undefined) return { skip: false };
  return { skip: `no ${folder} in ${fixturesRoot}: set HOLDFAST_FIXTURES to the folder with the reference outputs` };
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- fixtures are trusted: the caller names their type
export const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;

/** Decodes the fixtures' tensors: `{"shape", "f32": base64 little-endian float32}`. */
export function floats(tensor: { f32: string } | string): Float32Array {
  const bytes = Buffer.from(typeof tensor === 'string' ? tensor : tensor.f32, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
