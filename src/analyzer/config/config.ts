import picomatch from 'picomatch';
import type { Host } from '../prompt.ts';
import type { AuditSettings } from '../settings.ts';
import { defaultExtraction, type ExtractionOptions } from '../sources/promptSource.ts';
import { standIn } from '../sources/template.ts';
import type { ConfigContent, ConfigValues, HostConfig } from './configSchema.ts';
import { machineSettings } from './settingPaths.ts';

/** Names that are looked for, in this order. */
export const configNames = ['holdfast.config.json', 'holdfast.config.yaml', 'holdfast.config.yml'] as const;

/** How a prompt is read: what a configuration says besides the settings. */
export interface ReadingContext {
  readonly options: ExtractionOptions;
  readonly host: Host | undefined;
}

const matchOptions = { dot: true, nocase: true } as const;

/** A configuration file that was read. Paths are relative to its folder, with `/`. */
export class Config {
  readonly #isIncluded: (path: string) => boolean;
  readonly #isExcluded: (path: string) => boolean;
  readonly #overrides: readonly { readonly matches: (path: string) => boolean; readonly values: ConfigValues }[];

  /** `hostTexts` holds the files that hosts name, by their names there. */
  constructor(
    readonly content: ConfigContent,
    private readonly hostTexts: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#isIncluded = content.include.length === 0 ? () => false : picomatch([...content.include], matchOptions);
    this.#isExcluded = content.exclude.length === 0 ? () => false : picomatch([...content.exclude], matchOptions);
    this.#overrides = content.overrides.map((values) => ({
      matches: picomatch([...values.files], matchOptions),
      values,
    }));
  }

  /** Exclusion wins. */
  wishFor(path: string): 'included' | 'excluded' | undefined {
    if (this.#isExcluded(path)) return 'excluded';
    return this.#isIncluded(path) ? 'included' : undefined;
  }

  /** Settings that the file gives, with those of the overrides that match. */
  settingsFor(path: string): Partial<AuditSettings> {
    return Object.assign({}, ...this.#layers(path).map(({ settings }) => settings)) as Partial<AuditSettings>;
  }

  readingOf(path: string): ReadingContext {
    const layers = this.#layers(path);
    const given = layers.flatMap(({ templates }) => (templates === undefined ? [] : [templates]));
    const options = Object.assign({}, defaultExtraction, ...given) as ExtractionOptions;
    const host = layers.findLast((values) => values.host !== undefined)?.host;
    return { options, host: host === undefined ? undefined : this.#hostOf(host) };
  }

  #layers(path: string): ConfigValues[] {
    return [this.content, ...this.#overrides.filter(({ matches }) => matches(path)).map(({ values }) => values)];
  }

  #hostOf({ file, marker = '{{prompt}}', tokensBefore = 0, tokensAfter = 0 }: HostConfig): Host | undefined {
    const text = file === undefined ? undefined : this.hostTexts.get(file);
    if (text !== undefined) {
      const at = text.indexOf(marker);
      const [before, after] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + marker.length)];
      return { before: before.trim(), after: after.trim(), title: file! };
    }
    if (tokensBefore + tokensAfter === 0) return undefined;
    const title = `a stand-in of about ${tokensBefore} tokens before and ${tokensAfter} after`;
    return { before: neutralText(tokensBefore), after: neutralText(tokensAfter), title };
  }
}

/** Says nothing: no file was found. */
export const noConfig = new Config({
  settings: {},
  host: undefined,
  templates: undefined,
  include: [],
  exclude: [],
  overrides: [],
});

/** Sentences of neutral words, about one token each with its full stop. */
function neutralText(tokens: number): string {
  const sentence = 12;
  const lines: string[] = [];
  for (let left = tokens; left > 0; left -= sentence)
    lines.push(`${standIn(Math.max(1, Math.min(left, sentence) - 1))}.`);
  return lines.join('\n');
}

/** The same content with a model's path taken from the configuration's folder: `./model.gguf`. */
export function withModelPath(content: ConfigContent, resolve: (relative: string) => string): ConfigContent {
  const { model } = content.settings;
  if (model === undefined || !/^\.{1,2}[\\/]/.test(model)) return content;
  return { ...content, settings: { ...content.settings, model: resolve(model) } };
}

/** Files that hosts of a configuration name. */
export function hostFiles({ host, overrides }: ConfigContent): string[] {
  return [host, ...overrides.map((each) => each.host)].flatMap((each) => each?.file ?? []);
}

/** What a workspace may not say while it is not trusted is taken out; `ignored` names it. */
export function withoutTrust(content: ConfigContent): { content: ConfigContent; ignored: string[] } {
  const ignored: string[] = machineSettings.filter((name) => content.settings[name] !== undefined);
  if (hostFiles(content).length > 0) ignored.push('host.file');
  const settings = Object.fromEntries(
    Object.entries(content.settings).filter(([name]) => !(machineSettings as readonly string[]).includes(name)),
  ) as Partial<AuditSettings>;
  const withoutFile = <T extends ConfigValues>(values: T): T =>
    values.host?.file === undefined ? values : { ...values, host: { ...values.host, file: undefined } };
  const overrides = content.overrides.map(withoutFile);
  return { content: { ...withoutFile(content), settings, overrides }, ignored };
}
