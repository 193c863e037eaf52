import { at, plain, stringAt, type DataNode } from './data/dataNode.ts';
import { readYaml } from './data/yamlData.ts';
import { frontMatter } from './frontMatter.ts';
import { concatenate, mapText } from './mappedText.ts';
import { parsedJson } from './parsedJson.ts';
import type { FileReader, PromptSource } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';
import { unreadable } from './readData.ts';
import { leadingSystem, splitAtRoles } from './roleMarkers.ts';
import { sampleTurns, withSamples } from './sampleTurns.ts';
import { renderTemplate } from './template.ts';
import { bodyOf } from './wholeFile.ts';

/** Prompty: front matter with samples, then turns under role lines; what stands before the first is the system's. */
export const prompty: PromptSource = {
  id: 'prompty',
  title: 'Prompty',
  patterns: ['**/*.prompty'],
  extract: async (file, options) => {
    const { matter, kind, body } = frontMatter(file.text);
    let root: DataNode | undefined;
    if (matter !== null && kind === 'yaml' && file.text.slice(matter.start, matter.end).trim() !== '') {
      const result = await readYaml(file.text, matter.start, matter.end);
      if ('problem' in result) return unreadable(file.text, 'YAML front matter', result.problem, result.offset);
      root = result.root;
    }
    const chat = splitAtRoles(mapText(file.text, body), 'system');
    const turns = leadingSystem(chat);
    const template = concatenate(
      turns.map(({ mapped }) => mapped),
      '\n\n',
    );
    const engine = stringAt(root, 'template', 'format', 'kind') ?? stringAt(root, 'template', 'format');
    const language = engine === 'mustache' ? 'handlebars' : 'jinja';
    const notes: string[] = [];
    const values = await samplesOf(root, (value) => resolved(value, file.read, notes));
    const mapped = renderTemplate(template, language, values, options);
    const user = chat.find(({ role }) => role === 'user')?.mapped;
    const samples = withSamples(sampleTurns(user, language, [values], options));
    return promptsFrom(
      file,
      'prompty',
      [{ mapped, ...samples, ...(notes.length === 0 ? {} : { notes }) }],
      'it has no system turn',
    );
  },
};

/** `inputs` with defaults, in their list and map forms, and `sample`. */
async function samplesOf(
  root: DataNode | undefined,
  resolve: (value: unknown) => Promise<unknown>,
): Promise<Record<string, unknown>> {
  const samples: Record<string, unknown> = {};
  const inputs = await resolve(plainOf(at(root, 'inputs')));
  const named: [unknown, unknown][] = Array.isArray(inputs)
    ? inputs.map((input) => [field(input, 'name'), input])
    : Object.entries(isRecord(inputs) ? inputs : {});
  for (const [name, input] of named) {
    const value = field(input, 'default') ?? field(input, 'sample') ?? field(input, 'example');
    if (typeof name === 'string' && value !== undefined) samples[name] = value;
  }
  const sample = await resolve(plainOf(at(root, 'sample')));
  if (isRecord(sample)) Object.assign(samples, sample);
  return samples;
}

const plainOf = (node: DataNode | undefined): unknown => (node === undefined ? undefined : plain(node));

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const field = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined);

/**
 * A value of the front matter with its references: `${file:name.json}` is what a file below this one holds, `${env:NAME:x}` is
 * `x`. The environment is not read, so that the same file gives the same prompt everywhere.
 */
async function resolved(value: unknown, read: FileReader, notes: string[]): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((each) => resolved(each, read, notes)));
  if (isRecord(value)) {
    const entries = Object.entries(value).map(async ([key, each]) => [key, await resolved(each, read, notes)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }
  if (typeof value !== 'string') return value;
  const environment = /^\$\{env:[^:}]*(?::([^}]*))?\}$/.exec(value);
  if (environment !== null) return environment[1];
  const path = /^\$\{file:([^}]+)\}$/.exec(value)?.[1];
  if (path === undefined) return value;
  const file = isBelow(path) ? await read(path) : { reason: 'it does not lie below the folder of this file' };
  if ('text' in file) return /\.json$/i.test(path) ? parsedJson(file.text) : bodyOf(file.text).text;
  notes.push(`${value} is not followed: ${file.reason}.`);
  return undefined;
}

const isBelow = (path: string): boolean => !path.startsWith('/') && !/(?:^|[\\/])\.\.(?:[\\/]|$)/.test(path);
