import type { MappedText } from '../prompt.ts';
import { at, plain, stringAt, type DataNode } from './data/dataNode.ts';
import { readJson } from './data/jsonData.ts';
import { composed } from './composed.ts';
import { concatenate, mapText, slice, trim } from './mappedText.ts';
import type { ExtractionOptions, PromptSource } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import type { RoleText } from './roleMarkers.ts';
import { renderTemplate, type TemplateLanguage } from './template.ts';
import { readMarkup } from './xml.ts';

/** Semantic Kernel's `skprompt.txt`, with samples from `config.json` beside it. */
export const semanticKernel: PromptSource = {
  id: 'semantic-kernel',
  title: 'Semantic Kernel prompt',
  patterns: ['**/skprompt.txt'],
  extract: async (file, options) => {
    const config = await file.read('config.json');
    const result = 'text' in config ? await readJson(config.text) : undefined;
    const root = result !== undefined && 'root' in result ? result.root : undefined;
    const start = file.text.startsWith('\uFEFF') ? 1 : 0;
    const source = mapText(file.text, { start, end: file.text.length });
    return promptsFrom(file, 'semantic-kernel', await kernelTexts(source, root, options), 'it is empty');
  },
};

const hint = /^\uFEFF?(?:template_format|instructions)\s*:/m;

/** The same as YAML: `template` with `template_format`, and the `instructions` of an agent. */
export const semanticKernelYaml: PromptSource = {
  id: 'semantic-kernel-yaml',
  title: 'Semantic Kernel prompt (YAML)',
  patterns: ['**/*.yaml', '**/*.yml'],
  isScan: true,
  hint,
  extract: async (file, options) => {
    const none = 'it holds no Semantic Kernel prompt';
    if (!hint.test(file.text)) return { prompts: [], reason: none };
    const root = await readData(file);
    if (isExtraction(root)) return root;
    const found: FoundText[] = [];
    const template = at(root, 'template');
    if (template?.kind === 'string' && stringAt(root, 'template_format') !== undefined)
      found.push(...(await kernelTexts(template.mapped(), root, options)));
    const instructions = at(root, 'instructions');
    if (instructions?.kind === 'string')
      found.push({ mapped: renderTemplate(instructions.mapped(), 'semantic-kernel', samplesOf(root), options) });
    return promptsFrom(file, 'semantic-kernel-yaml', found, none);
  },
};

const languages: Readonly<Record<string, TemplateLanguage>> = {
  handlebars: 'handlebars',
  liquid: 'jinja',
  jinja2: 'jinja',
};

/** The system messages of a template; without any `<message>` the text is one turn of the user's, which is offered. */
async function kernelTexts(
  source: MappedText,
  config: DataNode | undefined,
  options: ExtractionOptions,
): Promise<FoundText[]> {
  const language = languages[stringAt(config, 'template_format') ?? ''] ?? 'semantic-kernel';
  const render = (text: MappedText): MappedText => renderTemplate(text, language, samplesOf(config), options);
  const messages = await messagesOf(source);
  if (messages.length === 0) return [{ mapped: render(source), isLikely: true }];
  const other = messages.findIndex(({ role }) => !/^(?:system|developer)$/i.test(role));
  const system = other < 0 ? messages : messages.slice(0, other);
  if (system.length === 0) return [];
  const text = concatenate(
    system.map(({ mapped }) => mapped),
    '\n\n',
  );
  return [{ mapped: render(text) }];
}

/** `<message role="...">` with XML's entities, or the blocks `{{#message role="..."}}` of Handlebars. */
async function messagesOf(source: MappedText): Promise<RoleText[]> {
  const block = /\{\{~?#message\s+role=["'](\w+)["']\s*~?\}\}((?:[^{]|\{(?!\{~?\/message))*)\{\{~?\/message/gi;
  const blocks = [...source.text.matchAll(block)].map((match): RoleText => {
    const end = match.index + match[0].lastIndexOf('{{');
    return { role: match[1]!, mapped: trim(slice(source, end - match[2]!.length, end)) };
  });
  if (blocks.length > 0 || !/<message\b/i.test(source.text)) return blocks;
  return (await readMarkup(source.text)).elements.flatMap(({ name, attributes, mapped }) =>
    name === 'message' ? [{ role: attributes.get('role') ?? '', mapped: composed(source, mapped) }] : [],
  );
}

function samplesOf(config: DataNode | undefined): Record<string, unknown> {
  const samples: Record<string, unknown> = {};
  for (const variable of at(config, 'input_variables')?.items ?? []) {
    const [name, value] = [stringAt(variable, 'name'), at(variable, 'default')];
    if (name !== undefined && value !== undefined && value.value !== '') samples[name] = plain(value);
  }
  return samples;
}
