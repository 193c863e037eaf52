import type { MappedText } from '../prompt.ts';
import { at, everyNode, plain, stringAt, type DataNode } from './data/dataNode.ts';
import type { ExtractionOptions, PromptSource, SourceFile } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import { readUpwards } from './readUpwards.ts';
import { renderTemplate, type TemplateLanguage } from './template.ts';
import { bodyOf } from './wholeFile.ts';

const hint = /^\uFEFF?[ \t-]*_type[ \t]*:/m;

/** Prompts that LangChain has saved as YAML; as JSON they are found with other chats. */
export const langchain: PromptSource = {
  id: 'langchain',
  title: 'LangChain prompt',
  patterns: ['**/*.yaml', '**/*.yml'],
  isScan: true,
  hint,
  extract: async (file, options) => {
    const none = 'it holds no LangChain prompt';
    if (!hint.test(file.text)) return { prompts: [], reason: none };
    const root = await readData(file);
    if (isExtraction(root)) return root;
    const found: FoundText[] = [];
    for (const node of everyNode(root)) {
      found.push(...langChainTexts(node, options));
      found.push(...(await templateFile(node, file, options)));
    }
    return promptsFrom(file, 'langchain', found, none);
  },
};

/** What one object of a dump says to the model: a system message, or a template alone, which may be one. */
export function* langChainTexts(node: DataNode, options: ExtractionOptions): Generator<FoundText, void, void> {
  if (node.kind !== 'object') return;
  const constructed = at(node, 'id')?.items.at(-1)?.value;
  if (constructed === 'SystemMessagePromptTemplate') {
    yield* templateText(at(node, 'kwargs', 'prompt', 'kwargs'), options);
  } else if (constructed === 'SystemMessage') {
    const content = at(node, 'kwargs', 'content');
    if (content?.kind === 'string') yield { mapped: content.mapped() };
  }
  const type = stringAt(node, '_type');
  if (type === 'prompt') {
    for (const found of templateText(node, options)) yield { ...found, isLikely: true };
  } else if (type === 'chat') {
    for (const message of at(node, 'messages')?.items ?? []) {
      const role = stringAt(message, 'role') ?? stringAt(message, '_type') ?? '';
      if (/system/i.test(role)) yield* templateText(at(message, 'prompt') ?? message, options);
    }
  }
}

const languages: Readonly<Record<string, TemplateLanguage>> = { jinja2: 'jinja', mustache: 'handlebars' };

function* templateText(node: DataNode | undefined, options: ExtractionOptions): Generator<FoundText, void, void> {
  const template = at(node, 'template');
  if (template?.kind === 'string') yield { mapped: filled(template.mapped(), node, options) };
}

/** A template in a file of its own: `template_path`. */
async function templateFile(node: DataNode, { read }: SourceFile, options: ExtractionOptions): Promise<FoundText[]> {
  const path = stringAt(node, '_type') === 'prompt' ? stringAt(node, 'template_path') : undefined;
  const file = path === undefined ? undefined : await readUpwards(read, path);
  if (file === undefined || !('text' in file)) return [];
  return [{ mapped: filled(bodyOf(file.text), node, options), file, isLikely: true }];
}

function filled(template: MappedText, node: DataNode | undefined, options: ExtractionOptions): MappedText {
  const partial = at(node, 'partial_variables');
  const samples = partial === undefined ? {} : (plain(partial) as Record<string, unknown>);
  const language = languages[stringAt(node, 'template_format') ?? ''] ?? 'braces';
  return renderTemplate(template, language, samples, options);
}
