import { at, plain, stringAt, type DataNode } from './data/dataNode.ts';
import { readYaml } from './data/yamlData.ts';
import { frontMatter } from './frontMatter.ts';
import { concatenate, mapText } from './mappedText.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';
import { unreadable } from './readData.ts';
import { leadingSystem, splitAtRoles } from './roleMarkers.ts';
import { sampleTurns, withSamples } from './sampleTurns.ts';
import { renderTemplate } from './template.ts';

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
    const values = await samplesOf(root, file.read);
    const mapped = renderTemplate(template, language, values, options);
    const user = chat.find(({ role }) => role === 'user')?.mapped;
    const samples = withSamples(sampleTurns(user, language, [values], options));
    return promptsFrom(file, 'prompty', [{ mapped, ...samples }], 'it has no system turn');
  },
};

/** `inputs` with defaults, in their list and map forms, and `sample`, inline or as `${file:name.json}`. */
async function samplesOf(
  root: DataNode | undefined,
  read: Parameters<PromptSource['extract']>[0]['read'],
): Promise<Record<string, unknown>> {
  const samples: Record<string, unknown> = {};
  const inputs = at(root, 'inputs');
  const named = [
    ...(inputs?.items ?? []).map((item) => [stringAt(item, 'name'), item] as const),
    ...(inputs?.entries ?? []).map(({ key, value }) => [key, value] as const),
  ];
  for (const [name, input] of named) {
    const value = at(input, 'default') ?? at(input, 'sample') ?? at(input, 'example');
    if (name !== undefined && value !== undefined) samples[name] = plain(value);
  }
  const sample = at(root, 'sample');
  const reference = /^\$\{file:([^}]+)\}$/.exec(stringAt(sample) ?? '')?.[1];
  if (reference !== undefined) {
    const file = await read(reference);
    if ('text' in file) Object.assign(samples, parsed(file.text));
  } else if (sample?.kind === 'object') Object.assign(samples, plain(sample));
  return samples;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // a sample that cannot be read leaves stand-ins
  }
}
