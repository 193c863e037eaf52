import type { MappedText } from '../prompt.ts';
import { includeBudget, refusal, type IncludeBudget } from './includes.ts';
import { concatenate, mapLines, MappedTextBuilder, withoutBlankEdges } from './mappedText.ts';
import { parsedJson } from './parsedJson.ts';
import type { ExtractionOptions, FileReader, PromptSource, SourceFile } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';
import { renderTemplate } from './template.ts';
import { bodyOf } from './wholeFile.ts';
import { readMarkup, type Markup } from './xml.ts';

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
    const reading: Reading = { notes: [], samples: {}, options, ...includeBudget() };
    const parts = await partsOf(file, [file.uri], reading);
    const mapped = renderTemplate(concatenate(parts, '\n'), 'handlebars', reading.samples, options);
    const { notes } = reading;
    return promptsFrom(file, 'poml', [{ mapped, ...(notes.length === 0 ? {} : { notes }) }], 'it has no system text');
  },
};

/** POML itself has no limit; deeper is no prompt. */
const deepestInclude = 20;

/** What is gathered on the way through a file and those that it includes. */
interface Reading extends IncludeBudget {
  readonly notes: string[];
  readonly samples: Record<string, unknown>;
  readonly options: ExtractionOptions;
}

/** What the system says in a file, piece by piece. */
async function partsOf(file: SourceFile, chain: readonly string[], reading: Reading): Promise<MappedText[]> {
  const tree = await readMarkup(file.text);
  const parts: { readonly at: number; readonly mapped: MappedText }[] = [];
  for (const { element, mapped } of tree.texts) {
    const tidy = withoutBlankEdges(mapLines(mapped, withoutIndent));
    if (tidy.text.trim() !== '' && isSaid(tree.elements, element, reading.options))
      parts.push({ at: mapped.segments[0]!.file.start, mapped: tidy });
  }
  for (const [index, { name, attributes, start, startEnd, mapped }] of tree.elements.entries()) {
    const source = attributes.get('src');
    if (name === 'let') await learnVariable(reading.samples, attributes, mapped, file.read);
    if ((name !== 'include' && name !== 'document') || source === undefined) continue;
    if (!isSaid(tree.elements, index, reading.options)) continue;
    const asked = await includedText(source, file, chain, reading);
    if (!('text' in asked)) {
      reading.notes.push(`<${name} src="${source}"> is not followed: ${asked.reason}.`);
      continue;
    }
    const hole = { name: source, from: 'include', isOutside: true } as const;
    const included = new MappedTextBuilder().decoded(asked.text, { start, end: startEnd }, { hole }).build();
    if (included.text.trim() !== '') parts.push({ at: start, mapped: included });
  }
  return parts.toSorted((a, b) => a.at - b.at).map(({ mapped }) => mapped);
}

/** The text of a file that is asked for, or why it is not put in. */
async function includedText(
  source: string,
  { read }: SourceFile,
  chain: readonly string[],
  reading: Reading,
): Promise<{ readonly text: string } | { readonly reason: string }> {
  const file = await read(source);
  const reason = refusal(file, chain, deepestInclude, reading);
  if (!('text' in file)) return file;
  if (reason !== undefined) return { reason };
  if (!/\.poml$/i.test(source)) return bodyOf(file.text);
  const parts = await partsOf(file, [...chain, file.uri], reading);
  return { text: parts.map(({ text }) => text).join('\n') };
}

const withoutIndent = (line: string) => ({ start: line.length - line.trimStart().length, end: line.trimEnd().length });

/** True for what the system says, in elements that are there in the chosen branch: whether an `if` holds is not known. */
function isSaid(elements: readonly Markup[], index: number, { branch }: ExtractionOptions): boolean {
  let isSystem: boolean | undefined;
  for (let at = index; at >= 0; at = elements[at]!.parent) {
    const { name, attributes } = elements[at]!;
    const condition = attributes
      .get('if')
      ?.replace(/^\{\{|\}\}$/g, '')
      .trim();
    if (condition === 'false' || (condition !== undefined && condition !== 'true' && branch === 'last')) return false;
    const speaker = attributes.get('speaker');
    isSystem ??= speaker !== undefined ? speaker === 'system' : name === 'system-msg' ? true : undefined;
    if (silent.has(name)) isSystem ??= false;
  }
  return isSystem ?? index >= 0;
}

/** `<let name value>`, `<let name>value</let>`, and values of a file: `<let name src>`, or all of its names without `name`. */
async function learnVariable(
  samples: Record<string, unknown>,
  attributes: Markup['attributes'],
  { text }: MappedText,
  read: FileReader,
): Promise<void> {
  const [name, source] = [attributes.get('name'), attributes.get('src')];
  const file = source === undefined ? undefined : await read(source);
  const content = file !== undefined && 'text' in file ? (parsedJson(file.text) ?? file.text) : undefined;
  if (name === undefined) {
    if (typeof content === 'object') Object.assign(samples, content);
  } else if (source === undefined) {
    samples[name] = attributes.get('value')?.replace(/^'(.*)'$/s, '$1') ?? text.trim();
  } else if (content !== undefined) samples[name] = content;
}
