import { independentChunks } from './chunks.ts';
import type { BlockContent, DefinitionContent, List, ListItem, Root, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import type { Block, TextRange } from '../prompt.ts';
import { trim } from './trim.ts';
import { linesOf, maskText, type MaskedText } from './mask.ts';
import { stressWords } from './cues/index.ts';

/** A block while the list of blocks is being made; indices are known only after sorting. */
export interface DraftBlock {
  readonly kind: Block['kind'];
  readonly range: TextRange;
  readonly list?: number;
  readonly ordered?: boolean;
  readonly depth?: number;
  leadIn?: DraftBlock;
  /** The item that a nested item belongs to. */
  readonly parent?: DraftBlock;
}

/** What stands in a block: prose still to be cut into sentences, or a span that is kept whole. */
export interface Content {
  readonly block: DraftBlock;
  /** Trimmed, without list marker or heading marks. */
  readonly range: TextRange;
  readonly role: 'prose' | 'heading' | 'example' | 'context' | 'row';
  /** Level of a heading, 1..6; 7 for a line of bold text or capitals that serves as one. */
  readonly level?: number;
  /** The first prose of a list item. */
  readonly startsItem: boolean;
  /** Ends in a colon directly before a list. */
  readonly leadsIn: boolean;
}

export interface ParsedBlocks {
  readonly masked: string;
  readonly mask: MaskedText;
  /** Ascending by start; a list item comes before its children. */
  readonly blocks: readonly DraftBlock[];
  /** Ascending, disjoint. */
  readonly contents: readonly Content[];
  /** Adds a block over what an author made one instruction; `blocks` stays ascending. */
  readonly addBlock: (kind: Block['kind'], range: TextRange) => DraftBlock;
}

/**
 * Inline marks play no role in blocks and cost quadratic time on hostile input. Indented code is prose in prompts, a line
 * of dashes under a sentence is a separator rather than a heading, and `[Note]: text` is no link definition there.
 */
const blocksOnly = {
  disable: {
    null: [
      'codeIndented',
      'setextUnderline',
      'definition',
      'htmlFlow',
      'htmlText',
      'attention',
      'autolink',
      'codeText',
      'labelStartImage',
      'labelStartLink',
      'labelEnd',
      'characterEscape',
      'characterReference',
      'hardBreakEscape',
    ],
  },
};

type FlowNode = RootContent | BlockContent | DefinitionContent;

export function parseBlocks(text: string): ParsedBlocks {
  const masked = maskText(text);
  const builder = new BlockBuilder(masked);
  for (const { start, end } of independentChunks(masked.text)) {
    const root: Root = fromMarkdown(masked.text.slice(start, end), { extensions: [blocksOnly] });
    builder.offset = start;
    builder.addFlow(root.children, undefined);
  }
  for (const { range } of masked.tags) builder.addBlock('html', range);
  for (const range of masked.comments) builder.addOpaque('html', range, 'context');
  for (const range of masked.examples) builder.addOpaque('html', range, 'example');
  return builder.finish();
}

const delimiterRow = /^[\s>]*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const boldLine = /^(\*\*|__)(?!\s)([^\n]{1,80}?)(?<!\s)\1:?$/;
const sentenceEnd = /[.!?。！？]/;
const setextLine = /^[ \t]*(?:={3,}|-{3,})[ \t]*$/;
const longestTitle = 60;

class BlockBuilder {
  readonly #blocks: DraftBlock[] = [];
  readonly #contents: Content[] = [];
  #lists = 0;
  /** Where the text that is being added begins in the prompt. */
  offset = 0;

  /** Starts of lines that hold nothing but markers, with the end of the line. */
  readonly #markerLines: ReadonlyMap<number, number>;
  readonly text: string;

  constructor(readonly mask: MaskedText) {
    this.text = mask.text;
    this.#markerLines = new Map(
      mask.markers
        .filter(({ action, followsText }) => !followsText && action.name !== 'begin' && action.name !== 'end')
        .map(({ range }) => this.#line(range.start))
        .filter(({ start, end }) => this.text.slice(start, end).trim() === '')
        .map(({ start, end }) => [end, start]),
    );
  }

  /** Adds sibling nodes; inside a container their prose belongs to the container's block. */
  addFlow(nodes: readonly FlowNode[], container: DraftBlock | undefined, depth = 0, opensItem = false): void {
    let itemProse = opensItem;
    let leadIn: DraftBlock | undefined;
    nodes.forEach((node, index) => {
      const range = this.#rangeOf(node);
      const next = nodes[index + 1];
      switch (node.type) {
        case 'paragraph': {
          const underlined = container === undefined ? this.#underlinedTitle(range, next) : undefined;
          if (underlined !== undefined)
            this.#addContent(this.addBlock('heading', range), underlined.title, 'heading', underlined);
          else leadIn = this.#addParagraph(range, container, itemProse, next);
          itemProse = false;
          if (underlined === undefined) return;
          break;
        }
        case 'heading': {
          const block = container ?? this.addBlock('heading', range);
          this.#addContent(block, headingText(this.text, range), 'heading', { level: node.depth });
          break;
        }
        case 'list':
          this.#addList(node, leadIn, container?.kind === 'list-item' ? { depth, parent: container } : { depth: 0 });
          break;
        case 'blockquote':
          this.addFlow(node.children, container ?? this.addBlock('quote', range), depth);
          break;
        case 'code':
          this.#addContent(container ?? this.addBlock('code', range), range, 'example');
          break;
        case 'thematicBreak':
          if (container === undefined) this.addBlock('break', range);
          break;
        default:
          // Constructs that are switched off or belong to extensions cannot appear; their text would still be prose.
          this.#addContent(container ?? this.addBlock('paragraph', range), range, 'prose');
      }
      leadIn = undefined;
    });
  }

  addBlock(
    kind: Block['kind'],
    range: TextRange,
    list?: Pick<DraftBlock, 'list' | 'ordered' | 'depth' | 'leadIn' | 'parent'>,
  ): DraftBlock {
    const block: DraftBlock = { kind, range: this.#wholeLines(range), ...list };
    this.#blocks.push(block);
    return block;
  }

  addOpaque(kind: Block['kind'], range: TextRange, role: 'context' | 'example'): void {
    this.#contents.push({ block: this.addBlock(kind, range), range, role, startsItem: false, leadsIn: false });
  }

  finish(): ParsedBlocks {
    const ascending = (a: DraftBlock, b: DraftBlock): number =>
      a.range.start - b.range.start || b.range.end - a.range.end;
    const blocks = this.#blocks.sort(ascending);
    const contents = this.#contents.sort((a, b) => a.range.start - b.range.start);
    const addBlock = (kind: Block['kind'], range: TextRange): DraftBlock => {
      const block = this.addBlock(kind, range);
      blocks.sort(ascending);
      return block;
    };
    return { masked: this.text, mask: this.mask, blocks, contents, addBlock };
  }

  #addList(list: List, leadIn: DraftBlock | undefined, place: { depth: number; parent?: DraftBlock }): void {
    const index = this.#lists++;
    for (const item of list.children) {
      const range = this.#itemRange(item);
      const placed = { list: index, ordered: list.ordered === true, ...place };
      const block = this.addBlock('list-item', range, leadIn === undefined ? placed : { ...placed, leadIn });
      this.addFlow(item.children, block, place.depth + 1, true);
    }
  }

  /**
   * The title and its level where a paragraph is one short line with a line of `=` or `-` under it. Under a sentence, such a line
   * is a separator.
   */
  #underlinedTitle(range: TextRange, next: FlowNode | undefined): { title: TextRange; level: number } | undefined {
    const [first, second, third] = linesOf(this.text.slice(range.start, range.end));
    const title = trim(this.text, { start: range.start, end: range.start + first!.end });
    if (!this.#isTitle(title)) return undefined;
    if (second !== undefined && third === undefined) {
      const under = this.text.slice(range.start + second.start, range.start + second.end);
      return setextLine.test(under) && under.includes('=') ? { title, level: 1 } : undefined;
    }
    if (second !== undefined || next?.type !== 'thematicBreak') return undefined;
    const rule = this.#rangeOf(next);
    const isAdjacent = /^[ \t]*(?:\r\n|\n|\r)[ \t]*$/.test(this.text.slice(range.end, rule.start));
    return isAdjacent && setextLine.test(this.text.slice(rule.start, rule.end)) ? { title, level: 2 } : undefined;
  }

  #isTitle({ start, end }: TextRange): boolean {
    const text = this.text.slice(start, end);
    return text.length > 0 && text.length <= longestTitle && !/[.!?。！？:：,;|]$/.test(text);
  }

  /**
   * Adds a paragraph, which may hold a table or be a heading in all but marks. Gives the block that leads in a list, if it does.
   */
  #addParagraph(
    range: TextRange,
    container: DraftBlock | undefined,
    startsItem: boolean,
    next: FlowNode | undefined,
  ): DraftBlock | undefined {
    const table = this.#tableStart(range);
    if (table !== undefined) {
      if (table > range.start) this.#addParagraph({ start: range.start, end: table }, container, startsItem, undefined);
      this.#addTable({ start: table, end: range.end }, container);
      return undefined;
    }
    const text = this.text.slice(range.start, range.end).trim();
    const leadsIn = next?.type === 'list' && /[:：](?:\*\*|__)?$/.test(text);
    if (container === undefined && !leadsIn && isTitleLine(text)) {
      this.#addContent(this.addBlock('heading', range), range, 'heading', { level: 7 });
      return undefined;
    }
    const block = container ?? this.addBlock('paragraph', range);
    const task = startsItem ? /^\[[ xX]\][ \t]+/.exec(text) : null;
    const start = range.start + (task?.[0].length ?? 0);
    this.#addContent(block, { start, end: range.end }, 'prose', { startsItem, leadsIn });
    return leadsIn ? block : undefined;
  }

  /** One content per row: the header row names columns, the delimiter row is a separator. */
  #addTable(range: TextRange, container: DraftBlock | undefined): void {
    const block = container ?? this.addBlock('table', range);
    for (const [index, { start, end }] of linesOf(this.text.slice(range.start, range.end)).entries()) {
      const row = { start: range.start + start, end: range.start + end };
      // Marks of a quote stand before the row.
      const marks = /^[ \t>]*/.exec(this.text.slice(row.start, row.end))![0].length;
      if (index !== 1) this.#addContent(block, { ...row, start: row.start + marks }, index === 0 ? 'context' : 'row');
    }
  }

  /** Start of the header row of a table in a paragraph; undefined when it holds none. */
  #tableStart(range: TextRange): number | undefined {
    const lines = linesOf(this.text.slice(range.start, range.end));
    for (let index = 1; index < lines.length; index++) {
      const row = this.text.slice(range.start + lines[index]!.start, range.start + lines[index]!.end);
      const header = this.text.slice(range.start + lines[index - 1]!.start, range.start + lines[index - 1]!.end);
      if (row.includes('|') && header.includes('|') && delimiterRow.test(row))
        return range.start + lines[index - 1]!.start;
    }
    return undefined;
  }

  #addContent(
    block: DraftBlock,
    range: TextRange,
    role: Content['role'],
    extra: { level?: number; startsItem?: boolean; leadsIn?: boolean } = {},
  ): void {
    const trimmed = trim(this.text, range);
    if (trimmed.start >= trimmed.end) return;
    this.#contents.push({ block, range: trimmed, role, startsItem: false, leadsIn: false, ...extra });
  }

  /** Whole lines, with the lines of markers directly above, which are about the block and move with it. */
  #wholeLines({ start, end }: TextRange): TextRange {
    let first = this.#line(start).start;
    for (let above = this.#lineAbove(first); above !== undefined; above = this.#lineAbove(first)) first = above;
    let last = Math.max(end, first);
    while (last > first && isLineEnd(this.text[last - 1])) last--;
    return { start: first, end: this.#line(last).end };
  }

  /** Start of the line above, if it holds nothing but markers. */
  #lineAbove(start: number): number | undefined {
    if (start === 0) return undefined;
    const end = this.text[start - 1] === '\n' && this.text[start - 2] === '\r' ? start - 2 : start - 1;
    return this.#markerLines.get(end);
  }

  #rangeOf(node: FlowNode | ListItem): TextRange {
    const start = node.position?.start.offset ?? 0;
    return { start: this.offset + start, end: this.offset + (node.position?.end.offset ?? start) };
  }

  /** An item without the blank lines that a parser may count to it. */
  #itemRange(item: ListItem): TextRange {
    const { start, end } = this.#rangeOf(item);
    return { start, end: start + this.text.slice(start, end).trimEnd().length };
  }

  #line(offset: number): TextRange {
    let start = offset;
    while (start > 0 && !isLineEnd(this.text[start - 1])) start--;
    let end = offset;
    while (end < this.text.length && !isLineEnd(this.text[end])) end++;
    return { start, end };
  }
}

const isLineEnd = (unit: string | undefined): boolean => unit === '\n' || unit === '\r';

/** A line of bold text, or of capitals without a word of stress, that only names what follows. */
function isTitleLine(text: string): boolean {
  const bold = boldLine.exec(text)?.[2];
  if (bold !== undefined) return !sentenceEnd.test(bold) && !/\*\*|__/.test(bold);
  if (text.length > longestTitle || /[\n\r.!?。！？,;{}]/.test(text)) return false;
  const words = text.match(/\p{L}+/gu) ?? [];
  const isCapital = words.length > 0 && text === text.toUpperCase() && text !== text.toLowerCase();
  return (
    isCapital && words.some(({ length }) => length > 2) && !words.some((word) => stressWords.has(word.toLowerCase()))
  );
}

function headingText(text: string, { start, end }: TextRange): TextRange {
  const raw = text.slice(start, end);
  const opening = /^#{1,6}[ \t]*/.exec(raw)?.[0].length ?? 0;
  const closing = /[ \t]+#+[ \t]*$/.exec(raw.slice(opening))?.[0].length ?? 0;
  return { start: start + opening, end: end - closing };
}
