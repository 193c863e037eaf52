import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { readPromptFile } from '../sources/readPromptFile.ts';
import { Config, configNames, hostFiles, noConfig, withModelPath } from './config.ts';
import { parseConfig } from './parseConfig.ts';

/** A configuration and the folder that its paths are relative to. */
export interface FoundConfig {
  readonly config: Config;
  readonly folder: string;
}

/**
 * The configuration of a folder: the nearest file upwards. Without one, an empty configuration.
 * @throws {HoldfastError} `invalid-settings` when it is wrong, or when a folder holds two.
 */
export async function findConfig(folder: string): Promise<FoundConfig> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const texts = await Promise.all(configNames.map((name) => textOf(path.join(at, name))));
    const found = configNames.flatMap((name, i) => (texts[i] === undefined ? [] : [{ name, text: texts[i] }]));
    const [first, second] = found;
    if (first !== undefined && second !== undefined)
      throw new HoldfastError('invalid-settings', `${at} holds ${first.name} and ${second.name}.`, 'Keep one of them.');
    if (first !== undefined) {
      const shown = path.relative(folder, path.join(at, first.name));
      const content = withModelPath(await parseConfig(shown, first.text), (model) => path.resolve(at, model));
      const hostTexts = new Map<string, string>();
      for (const file of hostFiles(content)) hostTexts.set(file, await readPromptFile(path.resolve(at, file)));
      return { config: new Config(content, hostTexts), folder: at };
    }
    if (at === path.dirname(at)) return { config: noConfig, folder: path.resolve(folder) };
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined; // absent, or not ours to read: the search goes on above
  }
}
