import type { MappedText } from '../prompt.ts';
import { bodyOf } from './wholeFile.ts';
import { concatenate, mapLines, MappedTextBuilder, withoutBlankEdges } from './mappedText.ts';
import type { PromptSource, SourceFile } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';
import { renderTemplate } from './template.ts';
import { readMarkup, type Markup, type MarkupTree } from './xml.ts';

/** Elements whose text is not said by the system: other speakers, data, style. */
const silent = new Set([
  'human-msg',
  'user-msg',
  'ai-msg',
  'qa',
  'let',
  'meta',
  'style',
  'stylesheet',
  'runtime',
  'output-schema',
  'tool-definition',
]);

/**
 * POML: the text of everything that no other speaker says, element by element. Titles and list marks that the renderer adds
 * are not shown.
 */
export const poml: PromptSource = {
  id: 'poml',
  title: 'POML',
  patterns: ['**/*.poml'],
  extract: async (file, options) => {
    const tree = await readMarkup(file.text);
    const notes: string[] = [];
    const included = await includesOf(tree, file, notes);
    const parts: { readonly at: number; readonly mapped: MappedText }[] = [];
    for (const { element, mapped } of tree.texts) {
      const tidy = withoutBlankEdges(mapLines(mapped, withoutIndent));
      if (tidy.text.trim() !== '' && isSystem(tree.elements, element))
        parts.push({ at: mapped.segments[0]!.file.start, mapped: tidy });
    }
    for (const [index, text] of included) {
      const { parent, start, startEnd, attributes } = tree.elements[index]!;
      if (!isSystem(tree.elements, parent)) continue;
      const hole = { name: attributes.get('src') ?? '', from: 'include', isOutside: true } as const;
      const mapped = new MappedTextBuilder().decoded(text, { start, end: startEnd }, { hole }).build();
      parts.push({ at: start, mapped });
    }
    parts.sort((a, b) => a.at - b.at);
    const joined = concatenate(
      parts.map(({ mapped }) => mapped),
      '\n',
    );
    const mapped = renderTemplate(joined, 'handlebars', samplesOf(tree), options);
    return promptsFrom(file, 'poml', [{ mapped, ...(notes.length === 0 ? {} : { notes }) }], 'it has no system text');
  },
};

const withoutIndent = (line: string) => ({ start: line.length - line.trimStart().length, end: line.trimEnd().length });

function isSystem(elements: readonly Markup[], index: number): boolean {
  for (let at = index; at >= 0; at = elements[at]!.parent) {
    const { name, attributes } = elements[at]!;
    const speaker = attributes.get('speaker');
    if (speaker !== undefined) return speaker === 'system';
    if (name === 'system-msg') return true;
    if (silent.has(name)) return false;
  }
  return index >= 0;
}

/** Texts of `<include src>` and `<document src>` of text files, by the element's index. One level, as text. */
async function includesOf(tree: MarkupTree, { read }: SourceFile, notes: string[]): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for (const [index, { name, attributes }] of tree.elements.entries()) {
    const source = attributes.get('src');
    if ((name !== 'include' && name !== 'document') || source === undefined) continue;
    const file = await read(source);
    if (!('text' in file)) {
      notes.push(`<${name} src="${source}"> is not followed: ${file.reason}.`);
      continue;
    }
    if (!/\.poml$/i.test(source)) texts.set(index, bodyOf(file.text).text);
    else {
      const inner = await readMarkup(file.text);
      const said = inner.texts.filter(({ element }) => isSystem(inner.elements, element));
      texts.set(
        index,
        said
          .map(({ mapped }) => mapped.text.trim())
          .filter((text) => text !== '')
          .join('\n'),
      );
    }
  }
  return texts;
}

function samplesOf({ elements }: MarkupTree): Record<string, unknown> {
  const samples: Record<string, unknown> = {};
  for (const { name, attributes, mapped } of elements) {
    const variable = name === 'let' ? attributes.get('name') : undefined;
    if (variable !== undefined)
      samples[variable] = attributes.get('value')?.replace(/^'(.*)'$/s, '$1') ?? mapped.text.trim();
  }
  return samples;
}
