import type { MappedText } from '../prompt.ts';
import { concatenate, MappedTextBuilder } from './mappedText.ts';

/** One element of an XML-like text, in the order of the start tags. */
export interface Markup {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Index of the element that holds it; -1 at the top. */
  readonly parent: number;
  /** The text between its tags with entities decoded, that of elements inside it included. */
  readonly mapped: MappedText;
  /** Where its start tag begins and where it ends. */
  readonly start: number;
  readonly startEnd: number;
}

/** Elements by their start tags, and the pieces of text between tags, each with the element that holds it. */
export interface MarkupTree {
  readonly elements: readonly Markup[];
  readonly texts: readonly { readonly element: number; readonly mapped: MappedText }[];
}

const xmlText = { encoding: { escape: 'xml', quote: '', lineEnd: '\n', blankLineEnd: '\n' } } as const;
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/** Reads elements with their text. Tolerant: an element that is not closed ends with the text. */
export async function readMarkup(text: string): Promise<MarkupTree> {
  const { Parser } = await import('htmlparser2');
  const elements: Markup[] = [];
  const texts: { element: number; mapped: MappedText }[] = [];
  const open: { readonly index: number; readonly firstText: number }[] = [];
  const parser: InstanceType<typeof Parser> = new Parser(
    {
      onopentag: (name, attributes) => {
        elements.push({
          name: name.toLowerCase(),
          attributes: new Map(Object.entries(attributes)),
          parent: open.at(-1)?.index ?? -1,
          mapped: { text: '', segments: [] },
          start: parser.startIndex,
          startEnd: parser.endIndex + 1,
        });
        open.push({ index: elements.length - 1, firstText: texts.length });
      },
      ontext: (data) => {
        const start = parser.startIndex;
        texts.push({ element: open.at(-1)?.index ?? -1, mapped: decodeText(text, start, start + data.length) });
      },
      onclosetag: (name) => {
        const top = open.at(-1);
        // At the end of the text a tag that was never complete is closed as well.
        if (top === undefined || elements[top.index]!.name !== name.toLowerCase()) return;
        open.pop();
        const { index, firstText } = top;
        // Deep nesting would copy the innermost text once per level.
        if (open.length < deepestText)
          elements[index] = {
            ...elements[index]!,
            mapped: concatenate(texts.slice(firstText).map(({ mapped }) => mapped)),
          };
      },
    },
    { xmlMode: true, decodeEntities: false },
  );
  parser.write(text);
  parser.end();
  return { elements, texts };
}

/** Elements nested deeper than this hold no text of their own. */
const deepestText = 50;

function decodeText(text: string, start: number, end: number): MappedText {
  const builder = new MappedTextBuilder();
  let literal = start;
  for (const match of text.slice(start, end).matchAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,6}));/gi)) {
    const code =
      match[1] === undefined ? (match[2] === undefined ? undefined : parseInt(match[2], 16)) : Number(match[1]);
    const decoded = code === undefined ? named[match[3]!] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (decoded === undefined) continue;
    const at = start + match.index;
    builder.verbatim(text.slice(literal, at), literal, xmlText);
    literal = at + match[0].length;
    builder.decoded(decoded, { start: at, end: literal }, xmlText);
  }
  return builder.verbatim(text.slice(literal, end), literal, xmlText).build();
}
