import type { SyntaxNode } from '@lezer/common';
import { concatenate } from '../mappedText.ts';
import type { FoundText } from '../promptsFrom.ts';
import { renderTemplate } from '../template.ts';
import { isPromptName, isSystemName, leastConstantCharacters } from './promptNames.ts';
import type { CodeReader } from './syntax.ts';

/** What an expression says to a model: text of this file, or one that another file holds. */
export type Content = Pick<FoundText, 'mapped' | 'file'>;

export function textAt(reader: CodeReader, node: SyntaxNode): Content | undefined {
  const elsewhere = reader.elsewhere(node);
  if (elsewhere !== undefined) return elsewhere;
  const mapped = reader.textOf(node);
  return mapped && { mapped };
}

/** A template with `{name}`, as LangChain has them. */
export function* template(reader: CodeReader, node: SyntaxNode): Generator<Content, void, void> {
  const content = textAt(reader, node);
  if (content !== undefined) yield { ...content, mapped: renderTemplate(content.mapped, 'braces', {}, reader.options) };
}

/** Parts of a message as one text. A list with a part of another file and others is told by the others. */
export function oneContent(parts: readonly Content[]): Content | undefined {
  const [first, ...rest] = parts;
  if (first === undefined || rest.length === 0) return first;
  const own = parts.flatMap(({ mapped, file }) => (file === undefined ? [mapped] : []));
  return own.length === 0 ? first : { mapped: concatenate(own, '\n\n') };
}

/** The role of a message: a string, or a member of an enumeration such as `MessageRole.SYSTEM`. */
export function roleOf(reader: CodeReader, node: SyntaxNode | undefined): 'system' | 'developer' | undefined {
  if (node === undefined) return undefined;
  const said =
    node.name === 'MemberExpression' ? /\.(\w+)$/.exec(reader.raw(node))?.[1] : (reader.textOf(node)?.text ?? '');
  const role = said?.toLowerCase();
  return role === 'system' || role === 'developer' ? role : undefined;
}

/** Constants that are named like prompts and were not found by their use. */
export function* named(
  reader: CodeReader,
  constants: readonly { readonly name: string; readonly value: SyntaxNode }[],
  found: readonly FoundText[],
): Generator<FoundText, void, void> {
  const used = new Set(found.flatMap(({ mapped, file }) => mapped.segments.map((each) => placeOf(each, file))));
  for (const { name, value } of constants) {
    const isSystem = isSystemName(name);
    if (!isSystem && !isPromptName(name)) continue;
    const content = textAt(reader, value);
    if (content === undefined || content.mapped.text.length < leastConstantCharacters) continue;
    if (content.mapped.segments.some((each) => used.has(placeOf(each, content.file)))) continue;
    yield { ...content, ...(isSystem ? {} : { isLikely: true }) };
  }
}

const placeOf = ({ file: { start } }: FoundText['mapped']['segments'][number], file: FoundText['file']): string =>
  `${file?.uri ?? ''}\0${start}`;

/** Texts of the file by their places, then those of others as they are used, with what a reader has to know about parts that are not followed. */
export function inFileOrder(reader: CodeReader, found: readonly FoundText[]): FoundText[] {
  const startOf = ({ mapped, file }: FoundText): number =>
    file === undefined ? (mapped.segments[0]?.file.start ?? 0) : Infinity;
  const order = (a: number, b: number): number => (a === b ? 0 : a - b);
  return found
    .map((each) => {
      const notes = reader.notesOn(each.mapped);
      return notes.length === 0 ? each : { ...each, notes };
    })
    .toSorted((a, b) => order(startOf(a), startOf(b)));
}
