import type { BlockContent, DefinitionContent, List, ListItem, Root, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import type { Block, TextRange } from '../prompt.ts';
import { linesOf, maskText } from './mask.ts';

/** A block while the list of blocks is being made; indices are known only after sorting. */
export interface DraftBlock {
  readonly kind: Block['kind'];
  readonly range: TextRange;
  readonly list?: number;
  readonly ordered?: boolean;
  readonly depth?: number;
  leadIn?: DraftBlock;
}

/** What stands in a block: prose still to be cut into sentences, or a span that is kept whole. */
export interface Content {
  readonly block: DraftBlock;
  /** Trimmed, without list marker or heading marks. */
  readonly range: TextRange;
  readonly role: 'prose' | 'heading' | 'example' | 'comment';
  /** Level of a heading, 1..6; 7 for a line of bold text that serves as one. */
  readonly level?: number;
  /** The first prose of a list item. */
  readonly startsItem: boolean;
  /** Ends in a colon directly before a list. */
  readonly leadsIn: boolean;
}

export interface ParsedBlocks {
  readonly masked: string;
  /** Ascending by start; a list item comes before its children. */
  readonly blocks: readonly DraftBlock[];
  /** Ascending, disjoint. */
  readonly contents: readonly Content[];
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
  const builder = new BlockBuilder(masked.text);
  const root: Root = fromMarkdown(masked.text, { extensions: [blocksOnly] });
  builder.addFlow(root.children, undefined);
  for (const range of masked.tags) builder.addBlock('html', range);
  for (const range of masked.comments) builder.addOpaque('html', range, 'comment');
  for (const range of masked.examples) builder.addOpaque('html', range, 'example');
  return builder.finish();
}

const delimiterRow = /^[\s>]*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const boldLine = /^(\*\*|__)(?!\s)([^\n]{1,80}?)(?<!\s)\1:?$/;
const sentenceEnd = /[.!?。！？]/;

class BlockBuilder {
  readonly #blocks: DraftBlock[] = [];
  readonly #contents: Content[] = [];
  #lists = 0;

  constructor(readonly text: string) {}

  /** Adds sibling nodes; inside a container their prose belongs to the container's block. */
  addFlow(nodes: readonly FlowNode[], container: DraftBlock | undefined, depth = 0, opensItem = false): void {
    let itemProse = opensItem;
    let leadIn: DraftBlock | undefined;
    nodes.forEach((node, index) => {
      const range = rangeOf(node);
      const next = nodes[index + 1];
      switch (node.type) {
        case 'paragraph':
          leadIn = this.#addParagraph(range, container, itemProse, next?.type === 'list');
          itemProse = false;
          return;
        case 'heading': {
          const block = container ?? this.addBlock('heading', range);
          this.#addContent(block, headingText(this.text, range), 'heading', { level: node.depth });
          break;
        }
        case 'list':
          this.#addList(node, leadIn, container?.kind === 'list-item' ? depth : 0);
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
    list?: Pick<DraftBlock, 'list' | 'ordered' | 'depth' | 'leadIn'>,
  ): DraftBlock {
    const block: DraftBlock = { kind, range: this.#wholeLines(range), ...list };
    this.#blocks.push(block);
    return block;
  }

  addOpaque(kind: Block['kind'], range: TextRange, role: 'comment' | 'example'): void {
    this.#contents.push({ block: this.addBlock(kind, range), range, role, startsItem: false, leadsIn: false });
  }

  finish(): ParsedBlocks {
    const blocks = this.#blocks.sort((a, b) => a.range.start - b.range.start || b.range.end - a.range.end);
    const contents = this.#contents.sort((a, b) => a.range.start - b.range.start);
    return { masked: this.text, blocks, contents };
  }

  #addList(list: List, leadIn: DraftBlock | undefined, depth: number): void {
    const index = this.#lists++;
    for (const item of list.children) {
      const range = itemRange(this.text, item);
      const placed = { list: index, ordered: list.ordered === true, depth };
      const block = this.addBlock('list-item', range, leadIn === undefined ? placed : { ...placed, leadIn });
      this.addFlow(item.children, block, depth + 1, true);
    }
  }

  /** Adds a paragraph, which may hold a table or be a heading in all but marks; the block it leads in from, if it does. */
  #addParagraph(
    range: TextRange,
    container: DraftBlock | undefined,
    startsItem: boolean,
    beforeList: boolean,
  ): DraftBlock | undefined {
    const table = this.#tableStart(range);
    if (table !== undefined) {
      if (table > range.start) this.#addParagraph({ start: range.start, end: table }, container, startsItem, false);
      const rows = { start: table, end: range.end };
      this.#addContent(container ?? this.addBlock('table', rows), rows, 'example');
      return undefined;
    }
    const text = this.text.slice(range.start, range.end).trim();
    const leadsIn = beforeList && /[:：](?:\*\*|__)?$/.test(text);
    const bold = boldLine.exec(text)?.[2];
    if (container === undefined && !leadsIn && bold !== undefined && !sentenceEnd.test(bold) && !/\*\*|__/.test(bold)) {
      this.#addContent(this.addBlock('heading', range), range, 'heading', { level: 7 });
      return undefined;
    }
    const block = container ?? this.addBlock('paragraph', range);
    const task = startsItem ? /^\[[ xX]\][ \t]+/.exec(text) : null;
    const start = range.start + (task?.[0].length ?? 0);
    this.#addContent(block, { start, end: range.end }, 'prose', { startsItem, leadsIn });
    return leadsIn ? block : undefined;
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

  #wholeLines({ start, end }: TextRange): TextRange {
    const isBreak = (offset: number): boolean => this.text[offset] === '\n' || this.text[offset] === '\r';
    let first = start;
    while (first > 0 && !isBreak(first - 1)) first--;
    let last = Math.max(end, first);
    while (last > first && isBreak(last - 1)) last--;
    while (last < this.text.length && !isBreak(last)) last++;
    return { start: first, end: last };
  }
}

function rangeOf(node: FlowNode | ListItem): TextRange {
  const start = node.position?.start.offset ?? 0;
  return { start, end: node.position?.end.offset ?? start };
}

/** An item without the blank lines that a parser may count to it. */
function itemRange(text: string, item: ListItem): TextRange {
  const { start, end } = rangeOf(item);
  return { start, end: start + text.slice(start, end).trimEnd().length };
}

function headingText(text: string, { start, end }: TextRange): TextRange {
  const raw = text.slice(start, end);
  const opening = /^#{1,6}[ \t]*/.exec(raw)?.[0].length ?? 0;
  const closing = /[ \t]+#+[ \t]*$/.exec(raw.slice(opening))?.[0].length ?? 0;
  return { start: start + opening, end: end - closing };
}

export function trim(text: string, { start, end }: TextRange): TextRange {
  let first = start;
  let last = end;
  while (first < last && /\s/.test(text[first]!)) first++;
  while (last > first && /\s/.test(text[last - 1]!)) last--;
  return { start: first, end: last };
}
