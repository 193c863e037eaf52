import path from 'node:path';
import { findConfig } from '../analyzer/config/findConfig.ts';
import type { FindOptions } from '../analyzer/sources/findPrompts.ts';
import type { AuditSettings } from '../analyzer/settings.ts';

/** What the configuration of the current folder says about a command: where to look, how to read, and which settings. */
export interface PromptSearch {
  readonly options: Pick<FindOptions, 'scope' | 'contextOf'>;
  /** Settings of a file, by its name in reports; of the whole run without one. */
  readonly settingsOf: (uri?: string) => Partial<AuditSettings>;
}

/** Reads the nearest configuration upwards. Throws `invalid-settings` when it is wrong. */
export async function promptSearch(cwd: string): Promise<PromptSearch> {
  const { config, folder } = await findConfig(cwd);
  const relative = (file: string): string => path.relative(folder, path.resolve(cwd, file)).replaceAll('\\', '/');
  return {
    options: {
      scope: { wishFor: (file) => config.wishFor(relative(file)) },
      contextOf: (uri) => config.readingOf(relative(uri)),
    },
    settingsOf: (uri) => (uri === undefined ? config.content.settings : config.settingsFor(relative(uri))),
  };
}
