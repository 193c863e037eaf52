import { at, everyNode, plain, stringAt, type DataNode } from './data/dataNode.ts';
import type { ExtractionOptions, PromptSource } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import { renderTemplate, type TemplateLanguage } from './template.ts';

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
    const found = [...everyNode(root)].flatMap((node) => [...langChainTexts(node, options)]);
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
  if (template?.kind !== 'string') return;
  const partial = at(node, 'partial_variables');
  const samples = partial === undefined ? {} : (plain(partial) as Record<string, unknown>);
  const language = languages[stringAt(node, 'template_format') ?? ''] ?? 'braces';
  yield { mapped: renderTemplate(template.mapped(), language, samples, options) };
}
